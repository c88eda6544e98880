#!/usr/bin/env bash
# The arithmetic on arm64, whose compiler fuses what amd64's does not: the same golden bits, under an emulator (Debian: qemu-user).
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v qemu-aarch64 >/dev/null; then
	echo "qemu-aarch64 is missing: installing qemu-user" >&2
	apt-get install -y qemu-user >&2 || {
		echo "no emulator for arm64: install qemu-user, so that qemu-aarch64 is on the path, and run this again" >&2
		exit 1
	}
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for pkg in agent/gd/elementary agent/gd/kernel agent/gd/eigen agent/gd sweep/search; do
	echo "== arm64 $pkg"
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go test -c -o "$dir/test" "./$pkg"
	case $pkg in
	agent/gd | sweep/search) tests='Bits$' ;;
	*) tests=. ;;
	esac
	(cd "$pkg" && qemu-aarch64 "$dir/test" -test.run "$tests" -test.timeout 1h)
done
