#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_labels.sh BUILD: security labels as ip xfrm gives them, with `labels = on` and without. Nobody is asked for permission
# here, unless the machine has SELinux: then the test skips, since it does not know what that would say.
set -u
build=$(cd "$1" && pwd)
[ ! -e /sys/fs/selinux/enforce ] || { echo "1..0 # SKIP SELinux would be asked"; exit 77; }
. "$(dirname "$0")/lib.sh"

sa() {
	spi=$1; shift
	uxfrm run -- ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi "$spi" reqid 1 mode tunnel \
		aead 'rfc4106(gcm(aes))' 0x4142434445464748494a4b4c4d4e4f5051525354 128 "$@"
}
policy() { verb=$1; shift; uxfrm run -- ip xfrm policy "$verb" src 10.0.0.0/8 dst 10.0.0.0/8 dir out "$@"; }
shows() { line=$1; shift; uxfrm run -- ip xfrm "$@" | grep -qF -- "$line"; }
shows_not() { ! shows "$@"; }
count() { n=$1; shift; [ "$(uxfrm run -- ip xfrm "$@" | grep -c '^src')" = "$n" ]; }

check "without labels: one is accepted" sa 0x1 ctx system_u:object_r:secret_t:s0
check "and forgotten" shows_not "security context" state
check "so two policies of one selector" policy add ctx a_u:a_r:a_t:s0
check "are one" status 2 policy add ctx b_u:b_r:b_t:s0
kill "$(daemon_pid)"
until_true sh -c "! '$build/uxfrm' -j stats"

export UXFRM_DAEMON_ARGS="--no-ports --labels on"
check "with labels: an SA with one" sa 0x1 ctx system_u:object_r:secret_t:s0
check "shows it" shows "security context system_u:object_r:secret_t:s0" state
check "an SA without" sa 0x2
check "has none" shows_not "security context" state get dst 192.0.2.2 proto esp spi 0x2
check "a policy" policy add ctx a_u:a_r:a_t:s0 tmpl proto esp
check "another of this selector" policy add ctx b_u:b_r:b_t:s0 tmpl proto esp
check "and one without a label" policy add tmpl proto esp
check "are three" count 3 policy
check "the label tells which is meant" shows "security context b_u:b_r:b_t:s0" policy get src 10.0.0.0/8 dst 10.0.0.0/8 dir out \
	ctx b_u:b_r:b_t:s0
check "also which is deleted" policy delete ctx a_u:a_r:a_t:s0
check "so that two are left" count 2 policy
check "an SA that moves keeps its label" uxfrm state migrate dst 192.0.2.2 proto esp spi 0x1 new-dst 192.0.2.2 new-src 198.51.100.7 new-reqid 1
check "as ip shows" shows "security context system_u:object_r:secret_t:s0" state get dst 192.0.2.2 proto esp spi 0x1
check "our own command shows it" sh -c "'$build/uxfrm' state | grep -qF 'security context system_u:object_r:secret_t:s0'"
finish
