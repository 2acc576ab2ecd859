export COMPOSER_HOME="${COMPOSER_HOME:-/cache/composer}" COMPOSER_CACHE_DIR=/cache/composer/cache
export COMPOSER_NO_INTERACTION=1 COMPOSER_MEMORY_LIMIT=-1

[ -e composer.lock ] || stop "composer.json without a composer.lock: run \`composer update\` and commit its result."
echo "Using $(php --version | head -n 1 | cut -d' ' -f1-2)"
step "Installing dependencies (composer install)"
run composer install --no-dev --prefer-dist --no-progress --no-ansi
