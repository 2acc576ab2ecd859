# Packages go where Python looks by itself: the user's base, kept inside the release directory.
export PYTHONUSERBASE=/app/.gasper/python PATH="/app/.gasper/python/bin:$PATH"
export PIP_CACHE_DIR=/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_NO_WARN_SCRIPT_LOCATION=1
export PIP_ROOT_USER_ACTION=ignore PIP_PROGRESS_BAR=off

# What the build image has is not in the run image: --ignore-installed.
install() { run python3 -m pip install --quiet --user --ignore-installed "$@"; }

if [ -z "${LAYER_REUSED:-}" ]; then
  echo "Using $(python3 --version)"
  if [ -e requirements.txt ]; then
    step "Installing dependencies (pip install -r requirements.txt)"
    install -r requirements.txt
  elif [ -e Pipfile.lock ]; then
    step "Installing dependencies (Pipfile.lock)"
    python3 - > /tmp/requirements.txt <<'PYTHON'
import json
for name, package in sorted(json.load(open("Pipfile.lock")).get("default", {}).items()):
    extras = "[%s]" % ",".join(package["extras"]) if "extras" in package else ""
    marker = " ; " + package["markers"] if "markers" in package else ""
    if "version" not in package:
        raise SystemExit(" !     Pipfile.lock: %s is no released version, which is not supported" % name)
    hashes = "".join(" --hash=" + h for h in package.get("hashes", []))
    print(name + extras + package["version"] + marker + hashes)
PYTHON
    install -r /tmp/requirements.txt
  else
    step "Installing the project and its dependencies (pip install .)"
    install .
  fi
  python3 -m pip list --user --format=freeze 2>/dev/null | sed 's/==/ /' || true
fi

if [ -e manage.py ] && [ -z "${DISABLE_COLLECTSTATIC:-}" ] && python3 -c 'import django' 2>/dev/null; then
  step "python3 manage.py collectstatic --noinput"
  run python3 manage.py collectstatic --noinput
fi
