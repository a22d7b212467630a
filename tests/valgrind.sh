#!/usr/bin/env bash
# The Rust tests of the sdk under valgrind, with fewer rounds: no invalid access, no use of what was never written, no leak.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v valgrind >/dev/null; then
    echo "NOT RUN: the sdk's tests under valgrind, which is not installed"
    exit 0
fi
export IOLINK_FEW_ROUNDS=1 RUST_BACKTRACE=0
"${CARGO:-cargo}" test --release --locked -p iolink-sdk --lib --tests --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | sort -u |
    while read -r program; do
        echo "== valgrind $(basename "$program")"
        valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
            --show-leak-kinds=definite,indirect "$program" --quiet --test-threads=2
    done
