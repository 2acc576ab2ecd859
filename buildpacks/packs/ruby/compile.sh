export BUNDLE_APP_CONFIG=/app/.bundle BUNDLE_USER_HOME=/cache/bundle BUNDLE_SILENCE_ROOT_WARNING=1
export BUNDLE_JOBS="${BUNDLE_JOBS:-4}" BUNDLE_RETRY="${BUNDLE_RETRY:-2}"
echo "Using $(ruby --version | cut -d' ' -f1-2), bundler $(bundle --version | cut -d' ' -f3)"
# Written to .bundle/config, which the instances read too.
run bundle config set --local path vendor/bundle >/dev/null
run bundle config set --local bin vendor/bundle/bin >/dev/null
run bundle config set --local without "${BUNDLE_WITHOUT:-development:test}" >/dev/null
run bundle config set --local deployment true >/dev/null
step "Installing dependencies (bundle install)"
run bundle install
rm -rf vendor/bundle/ruby/*/cache
