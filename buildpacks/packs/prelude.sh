# What all packs' scripts begin with. They run as `app` in the build image: the release directory is /app (and the
# working directory), /cache is the app's own and stays between builds. Config vars are in the environment.
set -eu
umask 022
export HOME=/cache
step() { echo "-----> $*"; }
stop() { echo " !     $*"; exit 1; }
# Output of the tool, and its status.
run() { "$@" 2>&1 </dev/null; }
