#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_surroundings.sh BUILD: what clients look at beside their sockets: files, units of systemd, AppArmor.
set -u
build=$(cd "$1" && pwd)
. "$(dirname "$0")/lib.sh"

run() { "$build/uxfrm" run -- "$@"; }
uxfrm state count >/dev/null
uxfrm stats xfrm-stat >"$scratch/stat"
same() { "$@" >"$scratch/seen" && cmp "$scratch/seen" "$scratch/stat"; }
file=/proc/net/xfrm_stat
check "thirty counters" [ "$(wc -l <"$scratch/stat")" = 30 ]
check "open() of xfrm_stat" same run cat $file
check "by another of its names" same run cat /proc/self/net/xfrm_stat
check "fopen()" same run awk 1 $file
check "openat()" same run python3 -c "import os, sys; sys.stdout.write(open(os.open('$file', os.O_RDONLY)).read())"
check "not for who would write there" sh -c "! '$build/uxfrm' run -- sh -c 'echo 1 >>$file' 2>/dev/null"
check "other files are as they are" [ "$(run cat /proc/version)" = "$(cat /proc/version)" ]
check "files are made with their mode" sh -c "'$build/uxfrm' run -- python3 -c 'import os; os.close(os.open(\"$scratch/made\", os.O_CREAT | os.O_WRONLY, 0o640))' && [ \$(stat -c %a '$scratch/made') = 640 ]"

# programs that are started with an environment of their starter's choice
uxfrm policy add src 10.9.0.0/16 dst 10.8.0.0/16 dir fwd
started() { # HOW ENVIRONMENT
	run python3 -c "import os; os.environ.clear(); $1('/bin/sh', ['sh', '-c', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin ip xfrm policy count'], $2)"
}
spawned() { started "(lambda *how: os.waitpid(os.posix_spawn(*how), 0))" "$1"; }
check "execve() with a bare environment is on uxfrmd" prints "	 SPD IN  0 OUT 0 FWD 1" started os.execve "{}"
check "posix_spawn() likewise" prints "	 SPD IN  0 OUT 0 FWD 1" spawned "{}"
check "one that says no is heeded" prints "	 SPD IN  0 OUT 0 FWD 0" started os.execve "{'UXFRM_SHIM': '0'}"
uxfrm policy delete src 10.9.0.0/16 dst 10.8.0.0/16 dir fwd

if command -v systemd-analyze >/dev/null; then
	mkdir "$scratch/units" "$scratch/units/strongswan.service.d" "$scratch/units/ipsec.service.d"
	sed "s,^ExecStart=[^ ]*,ExecStart=$build/uxfrmd," "$build/examples/uxfrmd.service" >"$scratch/units/uxfrmd.service"
	for unit in strongswan ipsec; do
		printf '[Service]\nExecStart=/bin/true\n' >"$scratch/units/$unit.service"
		cp "$build/examples/$unit.service.conf" "$scratch/units/$unit.service.d/uxfrm.conf"
		check "the drop-in for $unit.service" sh -c "cd '$scratch/units' && SYSTEMD_UNIT_PATH='$scratch/units:' systemd-analyze verify --man=no ./$unit.service ./uxfrmd.service 2>&1 | tee /dev/stderr | { ! grep '$scratch/units\|uxfrm'; }"
	done
else
	skip "the drop-ins" "no systemd-analyze"
fi
setting() { sed -n "s,^Environment=UXFRM_SHIM=1 LD_PRELOAD=,,p" "$build/examples/$1.service.conf"; }
check "they name the library that is installed" [ "$(basename "$(setting strongswan)")$(setting strongswan)" = "libuxfrm-preload.so$(setting ipsec)" ]
check "with what they set, a command is on uxfrmd" prints "	 SAD count 0" env UXFRM_SHIM=1 LD_PRELOAD="$build/libuxfrm-preload.so" ip xfrm state count

# a kernel with AppArmor, as far as the command looks at it
confined() { # MODE PROGRAM
	unshare -m sh -c "mount -t tmpfs none /sys/kernel/security && mkdir /sys/kernel/security/apparmor &&
		echo '$(realpath "$(command -v "$2")") ($1)' >/sys/kernel/security/apparmor/profiles && '$build/uxfrm' run -- $2" 2>&1
}
if [ "$(id -u)" = 0 ] && [ -d /sys/kernel/security ] && unshare -m mount -t tmpfs none /sys/kernel/security 2>/dev/null; then
	spoken_of() { confined enforce /usr/bin/true | grep -q "APPARMOR in"; }
	check "a profile that is enforced is spoken of" spoken_of
	check "one that complains is not" [ -z "$(confined complain /usr/bin/true)" ]
	check "without AppArmor nothing is said" [ -z "$(run true 2>&1)" ]
else
	skip "AppArmor" "no mount namespaces"
fi
finish
