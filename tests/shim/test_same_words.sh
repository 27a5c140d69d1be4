#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_same_words.sh BUILD: random words and answers, to `ip xfrm` and to `uxfrm`, which must behave the same.
set -u
build=$(cd "$1" && pwd)
command -v ip >/dev/null || { echo "1..0 # SKIP no ip"; exit 77; }
. "$(dirname "$0")/lib.sh"
python3 "$(dirname "$(realpath "$0")")/same_words.py" "$build" --cases 400 --verbose
