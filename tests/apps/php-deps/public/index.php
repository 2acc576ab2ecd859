<?php

require __DIR__ . '/../vendor/autoload.php';

$greeting = new App\Greeting();
$greeting->info('Hello from {who}', ['who' => 'Composer']);
header('Content-Type: text/plain; charset=utf-8');
echo $greeting->text;
