export NPM_CONFIG_CACHE=/cache/npm NPM_CONFIG_UPDATE_NOTIFIER=false NPM_CONFIG_FUND=false NPM_CONFIG_AUDIT=false
export NODE_ENV="${NODE_ENV:-production}"

satisfied() {
  node -e 'process.exit(require("/usr/local/lib/node_modules/npm/node_modules/semver").satisfies(process.version, process.argv[1]) ? 0 : 1)' "$1"
}
if [ -n "${GASPER_NODE_RANGE:-}" ] && [ ! -x .gasper/node/bin/node ] && ! satisfied "$GASPER_NODE_RANGE"; then
  step "Installing Node.js $GASPER_NODE_RANGE"
  machine=$(uname -m)
  case $machine in x86_64) machine=x64 ;; aarch64) machine=arm64 ;; esac
  mkdir -p /cache/node .gasper/node/bin
  run npm install --silent --prefix /cache/node --no-save --ignore-scripts "node-linux-$machine@$GASPER_NODE_RANGE" ||
    stop "No version of Node.js satisfies engines.node \"$GASPER_NODE_RANGE\" in package.json."
  cp "/cache/node/node_modules/node-linux-$machine/bin/node" .gasper/node/bin/node
fi
export PATH="/app/.gasper/node/bin:/app/node_modules/.bin:$PATH"
echo "Using Node.js $(node --version), npm $(npm --version)"

if [ -z "${LAYER_REUSED:-}" ]; then
  # What builds the app is installed too, when there is something to build.
  include=''
  [ -z "${GASPER_BUILD_SCRIPT:-}" ] || include=--include=dev
  if [ -e package-lock.json ] || [ -e npm-shrinkwrap.json ]; then
    step "Installing dependencies (npm ci)"
    run npm ci --prefer-offline $include
  else
    step "Installing dependencies (npm install; commit package-lock.json to fix their versions)"
    run npm install --no-save --no-package-lock $include
  fi
fi
if [ -n "${GASPER_BUILD_SCRIPT:-}" ]; then
  step "Building (npm run $GASPER_BUILD_SCRIPT)"
  run npm run "$GASPER_BUILD_SCRIPT"
fi
