<?php

namespace App;

use Psr\Log\AbstractLogger;

/** A greeting that keeps what is logged to it. */
final class Greeting extends AbstractLogger
{
    public string $text = '';

    public function log($level, $message, array $context = []): void
    {
        $this->text .= strtr($message, ['{who}' => $context['who'] ?? '']) . "\n";
    }
}
