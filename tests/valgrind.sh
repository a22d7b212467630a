#!/usr/bin/env bash
# The Rust tests of the sdk, of foreign memory as images and of the adapters under valgrind, with fewer rounds: no invalid
# access, no use of what was never written, no leak. Then the Python module, which `make ready` installed.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v valgrind >/dev/null; then
    echo "NOT RUN: the sdk's tests under valgrind, which is not installed"
    exit 0
fi
export IOLINK_FEW_ROUNDS=1 RUST_BACKTRACE=0
# The programs that a package's tests are, each run under valgrind with what stands behind `--`.
watched() {
    local package=("$1") what=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        package+=("$1")
        shift
    done
    [ $# -gt 0 ] && shift
    what=("$@")
    "${CARGO:-cargo}" test --release --locked -p "${package[@]}" --no-run --message-format=json 2>/dev/null |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | sort -u |
        while read -r program; do
            echo "== valgrind $(basename "$program")"
            valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
                --show-leak-kinds=definite,indirect "$program" --quiet --test-threads=2 "${what[@]}"
        done
}
watched iolink-sdk --features ndarray --lib --tests
watched iolink-plugin-numpy --lib
watched iolink-host --lib -- adapt::

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
if ! "${CC:-cc}" -shared -fPIC -o "$made/check.so" -xc - 2>"$made/why" <<'C'; then
#include <valgrind/memcheck.h>
void samples_were_written(const void *at, unsigned long bytes) { VALGRIND_CHECK_MEM_IS_DEFINED(at, bytes); }
C
    echo "NOT RUN: the Python module under valgrind, whose header memcheck.h cannot be had: $(head -1 "$made/why")"
    exit 0
fi
rounds=10
echo "== valgrind python_under_valgrind.py"
PYTHONMALLOC=malloc valgrind --error-limit=no --num-callers=16 --leak-check=full --errors-for-leak-kinds=none \
    --show-leak-kinds=definite,indirect,possible --xml=yes --xml-file="$made/errors.xml" \
    .venv/bin/python tests/python_under_valgrind.py "$made/check.so" "$rounds"
.venv/bin/python tests/valgrind_verdict.py "$made/errors.xml" "$rounds"
