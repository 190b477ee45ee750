#!/usr/bin/env bash
# Time and peak memory as inputs double: a table, and exit 1 if a row grows faster than its input.
# Use: tests/bench/growth.sh [STRATA] [ROW…] (default: build/release, all rows). Needs root for the row of a RUN.
STRATA=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/release/driver/strata}
source "$(dirname "${BASH_SOURCE[0]}")/../support/lib.sh"
import_bases debian
STRATA=$STRATA STORE=$STRATA_HOME python3 "$(dirname "${BASH_SOURCE[0]}")/growth.py" "$work" "${@:2}"
