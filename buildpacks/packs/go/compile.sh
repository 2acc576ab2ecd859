# The image's cache holds the standard library; what this app added to it is kept in /cache between builds.
export GOMODCACHE=/cache/go-mod GOPATH=/cache/go GOTOOLCHAIN=local
export GOFLAGS="${GOFLAGS:--mod=readonly -buildvcs=false}"
saved=/cache/go-build
if [ -d "${GOCACHE:=/cache/go-cache}" ] && [ -d "$saved" ]; then cp -rp "$saved/." "$GOCACHE/"; fi
export GOCACHE

echo "Using $(go version | cut -d' ' -f3)"
if [ ! -e go.mod ]; then
  export GO111MODULE=off GOFLAGS=
elif [ -d vendor ]; then
  GOFLAGS=$(echo "$GOFLAGS" | sed 's/-mod=readonly/-mod=vendor/')
  export GOFLAGS
else
  missing=$(go list -m -f '{{if not .Main}}{{.Path}} {{.Version}}{{end}}' all 2>/dev/null | head -n 1)
  if [ -n "$missing" ]; then
    step "Fetching modules (go mod download)"
    run go mod download
  fi
fi
# The C compiler has a part only when a package of the app wants it: a pure Go program links in half the time.
if [ -z "${CGO_ENABLED:-}" ]; then
  CGO_ENABLED=1
  [ -n "$(go list -deps -f '{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}' ./... 2>/dev/null)" ] || CGO_ENABLED=0
  export CGO_ENABLED
fi
mkdir -p bin
if [ -n "${GASPER_GO_PROGRAM:-}" ]; then
  step "Building bin/$GASPER_GO_PROGRAM (go build)"
  run go build -o "bin/$GASPER_GO_PROGRAM" .
fi
if [ -d cmd ]; then
  step "Building ./cmd/... (go build)"
  run go build -o bin/ ./cmd/...
fi
if [ -z "${GASPER_GO_PROGRAM:-}" ] && [ ! -d cmd ]; then stop "No main package: neither .go files beside go.mod nor a cmd/ directory."; fi

# The image's own entries are dated into the future.
mkdir -p "$saved"
(cd "$GOCACHE" && find . -type f ! -newermt '+1 year' -mmin -60 -print0 | xargs -0r cp -p --parents -t "$saved")
find "$saved" -type f -mtime +5 -delete
