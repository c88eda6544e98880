#!/usr/bin/env bash
# The long tests: every fuzz target for FUZZTIME (default 60s), the arithmetic on arm64, the law against statsmodels, HISTORIES (default 10000) simulated
# histories, then every test that only `make soak` runs (WIDTHLAW_SOAK=1).
set -euo pipefail
cd "$(dirname "$0")/.."
go list ./... | while read -r pkg; do
	targets=$(go test -list '^Fuzz' "$pkg")
	for target in $(grep '^Fuzz' <<<"$targets" || true); do
		echo "== $pkg $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}" "$pkg"
	done
done
tools/arm64.sh
tools/glm.sh
go run ./test/simulate -histories "${HISTORIES:-10000}" -seed 1
WIDTHLAW_SOAK=1 go test -count 1 -timeout 4h -v -run '^TestPlanted$' ./test/simulate # prints which history finds each bug
processes='^(TestKills|TestLongPointInterrupted|TestHostileFlood)$' # one after the other: they print what they measure
WIDTHLAW_SOAK=1 go test -count 1 -timeout 4h -v -parallel 1 -run "$processes" ./cmd/widthlaw
WIDTHLAW_SOAK=1 go test -count 1 -timeout 4h -skip "$processes" ./cmd/... ./coordinator/... ./agent/... ./results/...
