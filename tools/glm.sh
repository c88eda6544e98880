#!/usr/bin/env bash
# The fitted law against statsmodels' binomial GLM, on a sweep's exported points (Debian: python3-statsmodels).
set -euo pipefail
cd "$(dirname "$0")/.."
if ! /usr/bin/python3 -c 'import statsmodels' 2>/dev/null; then
	echo "statsmodels is missing: installing python3-statsmodels" >&2
	apt-get install -y --no-install-recommends python3-statsmodels >&2 || {
		echo "no statsmodels for /usr/bin/python3: install python3-statsmodels, and run this again" >&2
		exit 1
	}
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/widthlaw" ./cmd/widthlaw
widthlaw() { "$dir/widthlaw" "$@" --state "$dir/state"; }
widthlaw run examples/needed-width.yaml >/dev/null
widthlaw export needed-width --format csv --out "$dir/points.csv"
widthlaw analyze needed-width --output json >"$dir/analysis.json"
/usr/bin/python3 tools/glm.py "$dir/points.csv" "$dir/analysis.json"
