#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh TARGET SECONDS [LIBFUZZER OPTIONS]: build fuzz_TARGET.c with clang's libFuzzer, ASan and UBSan, and run it
# on a copy of its corpus. CC chooses the compiler, BUILD the directory that is kept between runs
# (default: build-fuzz beside the source tree's build directories).
set -eu
target=$1
seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-$root/build-fuzz}
cc=${CC:-clang-19}
mkdir -p "$build/$target"
sources=$(ls "$root"/src/base/*.c "$root"/src/packet/*.c "$root"/src/crypto/*.c "$root"/src/wire/*.c \
	"$root"/src/core/*.c "$root"/src/ipsec/*.c "$root"/src/ctl/*.c "$root"/src/ctl/pfkey/*.c)
# as the build does: with intel-ipsec-mb where it is
if echo '#include <intel-ipsec-mb.h>' | "$cc" -E - >/dev/null 2>&1; then
	sources=$(echo "$sources" | grep -v '/ipsec_mb_none\.c$')
	ipsec_mb=-lIPSec_MB
else
	sources=$(echo "$sources" | grep -v -e '/ipsec_mb\.c$' -e '/ipsec_mb_gcm\.c$' -e '/ipsec_mb_jobs\.c$')
	ipsec_mb=
fi
if [ "$(uname -m)" = x86_64 ]; then
	sources=$(echo "$sources" | grep -v '/checksum_blocks\.c$')
else
	sources=$(echo "$sources" | grep -v '/checksum_blocks_x86\.c$')
fi
mutator=$here/${target}_mutator.c
[ -f "$mutator" ] || mutator=
# shellcheck disable=SC2086
"$cc" -g -O1 -std=gnu11 -D_GNU_SOURCE -fno-strict-aliasing -I"$root/include" -I"$root/src" \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	"$here/fuzz_$target.c" $mutator $sources -o "$build/fuzz_$target" \
	$ipsec_mb -lcrypto -lz -lurcu-memb -lurcu-common -lpthread
cd "$build"
# new inputs go to the first directory, the corpus in the tree is only read
exec "./fuzz_$target" -max_total_time="$seconds" -timeout=20 -print_final_stats=1 \
	"$@" "$build/$target" "$here/corpus/$target"
