#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_same_as_ip.sh BUILD [kernel]: unmodified `ip xfrm` and `uxfrm`, both on one uxfrmd (or, with "kernel", both on the
# kernel this runs on), must install the same, print the same, complain the same and end with the same status.
set -u
build=$(cd "$1" && pwd) target=${2:-uxfrmd}
command -v ip >/dev/null || { echo "no ip"; exit 77; }
if [ -z "${UXFRM_TEST_INNER:-}" ]; then
	unshare -n true 2>/dev/null || { echo "no namespaces here"; exit 77; }
	UXFRM_TEST_INNER=1 exec unshare -n -- sh "$0" "$build" "$target"
fi
export UXFRM_DAEMON_ARGS=--no-ports
if [ "$target" = kernel ]; then
	theirs() { ip $option xfrm "$@"; }
	ours() { "$build/uxfrm" -K $option "$@"; }
else
	theirs() { "$build/uxfrm" run -- ip $option xfrm "$@"; }
	ours() { "$build/uxfrm" $option "$@"; }
fi
scratch=$(mktemp -d) option= failed=0 done=0
ip link set lo up
theirs state count >/dev/null
daemon=$([ "$target" = kernel ] || "$build/uxfrm" -j stats | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
trap 'rm -rf "$scratch"; [ -z "$daemon" ] || kill "$daemon"; for m in $monitors; do pkill -P "$m"; done' EXIT # a function behind & is a shell with a child
monitors=

complain() { echo "DIFFERENT: $*"; failed=$((failed + 1)); }
# same WORDS...: both print and return the same
same() {
	done=$((done + 1))
	theirs "$@" >"$scratch/1" 2>"$scratch/1e"; status=$?
	ours "$@" >"$scratch/2" 2>"$scratch/2e"; ours_status=$?
	sed -i 's/try "ip xfrm/try "uxfrm/' "$scratch/1e"
	cmp -s "$scratch/1" "$scratch/2" && cmp -s "$scratch/1e" "$scratch/2e" && [ $status = $ours_status ] && return
	complain "$option $*: status $status and $ours_status"
	diff "$scratch/1" "$scratch/2"; diff "$scratch/1e" "$scratch/2e"
}
no_times() { sed 's/add 20[-0-9]* [:0-9]*/add T/; s/index [0-9]*/index N/'; }
# both_add KIND WORDS...: what either installs is listed the same
both_add() {
	kind=$1; shift; done=$((done + 1))
	ours "$kind" add "$@" 2>"$scratch/2e"; option=-s theirs "$kind" list | no_times >"$scratch/2"
	option=; theirs "$kind" flush; [ "$kind" = state ] || theirs policy flush ptype sub
	theirs "$kind" add "$@" 2>"$scratch/1e"; option=-s theirs "$kind" list | no_times >"$scratch/1"
	option=
	cmp -s "$scratch/1" "$scratch/2" && cmp -s "$scratch/1e" "$scratch/2e" && return
	complain "$kind add $*"; diff "$scratch/1" "$scratch/2"; diff "$scratch/1e" "$scratch/2e"
}

for n in 1 2; do
	[ $n = 1 ] || option=-s
	theirs monitor >"$scratch/theirs$n" 2>&1 & monitors="$monitors $!"
	ours monitor >"$scratch/ours$n" 2>&1 & monitors="$monitors $!"
done
option=
sleep 0.5

key=0x0102030405060708090a0b0c0d0e0f1011121314
gcm="aead rfc4106(gcm(aes)) $key 128"
cbc="enc cbc(aes) 0x0102030405060708090a0b0c0d0e0f10 auth-trunc hmac(sha256) $key 96"
v4="src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1000"
v6="src fd00::1 dst fd00::2 proto esp spi 0x1002"
while read -r words; do
	set -f; set -- $words; set +f
	both_add state "$@"
	same state list; same state list nokeys; same state count; same state
	for option in -s -o -4 -6; do same state list; done; option=
	same state list proto esp; same state list dst 10.0.0.0/24; same state list reqid 1
	same state list mode tunnel; same state list spi 0x1000; same state list flag esn
	theirs state flush
done <<-END
	$v4 reqid 1 mode tunnel $gcm replay-window 32 flag af-unspec esn encap espinudp 4500 4501 0.0.0.0 mark 0x5 mask 0xff if_id 0x42 output-mark 0x7 mask 0xf extra-flag dont-encap-dscp
	$v4 reqid 1 mode tunnel $gcm replay-window 32 flag esn output-mark 9
	$v4 reqid 1 mode tunnel $gcm replay-window 32 mark 3
	$v4 reqid 1 mode tunnel $gcm replay-window 300 flag esn replay-seq 7 replay-oseq 8 replay-seq-hi 1 replay-oseq-hi 2
	$v4 mode tunnel $gcm replay-window 33 replay-seq 7 replay-oseq 8
	$v4 mode tunnel $gcm replay-window 16 replay-seq 7 replay-oseq 8
	$v4 reqid 1 $gcm sel src 10.0.0.1 dst 10.0.0.2 proto tcp sport 80 dport 443
	$v4 $gcm sel proto gre key 1.2.3.4
	$v4 $gcm sel dst 10.0.0.0/24 proto icmp type 8 code 0
	$v4 $cbc limit time-soft 100 limit time-hard 200 limit byte-soft 1000 limit packet-hard 4000 limit time-use-soft 3 limit time-use-hard 4 limit byte-hard 99 limit packet-soft 5 flag noecn nopmtudisc decap-dscp
	$v6 $cbc sel src fd00::1 dst fd00::2 proto ipv6-icmp type 128 code 0 dev lo tfcpad 0 seq 0x77
	$v6 mode tunnel $cbc tfcpad 60 seq 12 flag 0x10 encap espinudp 1 2 ::
	$v6 mode tunnel enc aes sixteen-bytes-ok auth sha1 $key extra-flag oseq-may-wrap dont-encap-dscp
	$v4 mode tunnel enc aes 0x112 auth sha1 $key
	$v4 mode tunnel enc nonsense 0x11
END
while read -r words; do
	set -f; set -- $words; set +f
	both_add policy "$@"
	same policy list; same policy count; same policy
	for option in -s -o -4 -6; do same policy list; done; option=
	same policy list dir in; same policy list ptype sub; same policy list src 10.1.0.0/16
	same policy list action block; same policy list priority 0; same policy list proto udp
	theirs policy flush; theirs policy flush ptype sub
done <<-END
	src 10.1.0.0/16 dst 10.2.0.0/16 dir out priority 100 mark 6 if_id 3 tmpl src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1000 reqid 1 mode tunnel limit time-hard 500 flag localok icmp
	src fd01::/64 dst fd02::/64 proto udp sport 53 dev lo dir in index 0x100 ptype main action block tmpl proto esp mode tunnel level use tmpl src fd00::1 dst fd00::2 proto esp mode transport
	dir fwd src 10.3.0.0/24 ptype sub
	dir out dst 10.3.0.0/24 proto 47 key 5
	dir in
	dir in tmpl proto esp
	dir in tmpl src fd00::1 dst fd00::2 proto esp mode tunnel reqid 4 level required
	dir out proto ipv6-icmp type 133 dst fd00::/8 flag localok
	dir in tmpl proto esp tmpl proto esp tmpl proto esp tmpl proto esp tmpl proto esp tmpl proto esp tmpl proto esp
END
# words that are wrong, and requests that are refused
while read -r words; do
	set -f; set -- $words; set +f
	same "$@"
done <<-END
	state foo
	state add
	state add dst 1.2.3.4
	state add src 1.1.1.1 dst 2.2.2.2 proto esp
	state add src 1.1.1.1 dst 2.2.2.2 proto esp spi zz
	state add src 1.1.1.1 dst 2.2.2.2 proto xx
	state add src 1.1.1.1 dst ::1 proto esp spi 5 enc aes 0x01
	state add src 1.1.1.300
	state add mode zz
	state add mode
	state add reqid zz
	state add aead
	state add aead x 0x01
	state add enc aes 0x01 enc aes 0x02
	state add auth a 0x1 auth-trunc b 0x2 96
	state add enc aes 0xzz
	state add bogus
	state add flag xx
	state add $v4 flag xx
	state add encap xx
	state add encap espinudp zz
	state add limit xx
	state add limit byte-soft zz
	state add replay-window zz
	state add mark zz
	state add seq zz
	state add extra-flag zz
	state add output-mark zz
	state add if_id zz
	state add tfcpad zz
	state add sel zz
	state add sel proto tcp type 3
	state add sel proto zz
	state add offload
	state add src
	state add $v4 comp deflate
	state add $v4 enc aes 0x11 mode ro
	state add $v4 enc aes 0x11 flag esn
	state add $v4 enc aes 0x11 replay-window 9999
	state add $v4 enc aes 0x11 coa 1.1.1.1
	state add $v4 enc aes 0x11
	state add src 1.1.1.1 dst 2.2.2.2 proto comp spi 5 enc aes 0x11
	state add proto comp spi 0x10000 comp deflate
	state add src 1.1.1.1 dst 2.2.2.2 proto hao spi 5 enc aes 0x11
	state update $v4 $gcm
	state get $v4
	state get
	state delete $v4
	state delete dst 2.2.2.2
	state allocspi
	state allocspi src 1.1.1.1 dst 2.2.2.2 proto esp min 1000
	state allocspi src 1.1.1.1 dst 2.2.2.2 proto esp min 5 max 4
	state allocspi src 1.1.1.1 dst 2.2.2.2 proto esp spi 4 min 0x1000 max 0x1001
	state list proto zz
	state list bogus
	state flush bogus
	state flush proto esp
	state flush
	state deleteall
	policy foo
	policy add
	policy add dir zz
	policy add tmpl zz
	policy add dir in action zz
	policy add priority zz
	policy add dir in index zz
	policy add dir in ptype zz
	policy add dir in flag zz
	policy add dir in tmpl proto esp level zz
	policy add dir in tmpl proto esp mode zz
	policy add dir in tmpl proto esp reqid zz
	policy add dir in src 1.1.1.1 dst ::1
	policy add if_id zz
	policy add dir in dev zz
	policy get dir in
	policy get dir in src 1.1.1.1
	policy delete
	policy delete dir in
	policy delete dir out index 5
	policy delete src 1.0.0.0/8 dst 2.0.0.0/8 dir in index 8
	policy set hthresh4 24 33
	policy set hthresh6 24
	policy set hthresh4 x 3
	policy set bogus
	policy set hthresh4 24 24 hthresh4 2 2
	policy set hthresh4 24 24
	policy setdefault fwd bogus
	policy setdefault bogus
	policy setdefault in
	policy setdefault in block in accept
	policy setdefault in block out accept
	policy getdefault
	policy list bogus
	policy flush bogus
	policy flush
	policy deleteall
	monitor bogus
END
theirs state allocspi src 10.0.0.1 dst 10.0.0.2 proto esp mode tunnel reqid 9 seq 7 min 0x2000 max 0x2000 >"$scratch/1"
theirs state delete src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x2000
ours state allocspi src 10.0.0.1 dst 10.0.0.2 proto esp mode tunnel reqid 9 seq 7 min 0x2000 max 0x2000 >"$scratch/2"
cmp "$scratch/1" "$scratch/2" || complain "state allocspi"
theirs state deleteall
sleep 0.5
for n in 1 2; do
	[ -s "$scratch/theirs$n" ] || complain "ip's monitor is empty"
	diff "$scratch/theirs$n" "$scratch/ours$n" || complain "monitor $n"
done
echo "$done compared, $failed different"
[ $failed = 0 ]
