#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# unprivileged.sh BUILD: two strongSwans and two uxfrmds of an ordinary user, in a user namespace with two network
# namespaces that a veth pair connects. No root, no file outside the user's own. Prints TAP.
set -u
if [ "${1:-}" != inside ]; then
	build=$(cd "$1" && pwd) packages=$(cd "$1" && pwd)/ike/strongswan/root
	[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null || { echo "1..0 # SKIP not root, who becomes another user"; exit 0; }
	[ -d "$packages" ] || { echo "1..0 # SKIP no strongSwan in $packages"; exit 0; }
	scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
	chmod 755 "$scratch" && mkdir "$scratch/bin" "$scratch/home"
	cp "$build/uxfrm" "$build/uxfrmd" "$build/libuxfrm-preload.so" "$0" "$scratch/bin"
	cp -a "$packages" "$scratch/packages" && chmod -R a+rX "$scratch/packages"
	# a user that the system does not know
	chown 61234:61234 "$scratch/home"
	user="setpriv --reuid 61234 --regid 61234 --clear-groups --bounding-set -all --inh-caps -all --no-new-privs"
	$user unshare -Urnm true 2>/dev/null || { echo "1..0 # SKIP users may make no user namespaces here"; exit 0; }
	cd "$scratch/home" || exit 1
	env -i PATH="$PATH" HOME="$scratch/home" XDG_RUNTIME_DIR="$scratch/home" TOP="$scratch" \
		timeout 120 $user unshare -Urnmpf --mount-proc --propagation private sh "$scratch/bin/$(basename "$0")" inside
	exit
fi

bin=$TOP/bin tests=0 failed=0
check() {
	tests=$((tests + 1)) what=$1; shift
	if "$@" >"$HOME/check" 2>&1; then echo "ok $tests - $what"
	else failed=$((failed + 1)); echo "not ok $tests - $what"; sed 's/^/# /' "$HOME/check"; fi
}
until_true() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; "$@"; }

mount -t overlay none /usr -o "ro,lowerdir=$TOP/packages/usr:/usr" && mount -t tmpfs none /run || { echo "1..0 # SKIP no overlay in a user namespace"; exit 0; }
PATH=/usr/sbin:/usr/bin:/sbin:/bin
unshare -n sleep 1000 & other=$!
until_true sh -c "[ \"\$(readlink /proc/$other/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
there() { nsenter -n -t "$other" "$@"; }
ip link add near type veth peer name far netns "$other"
ip link set lo up; ip link set near up; ip address add 192.0.2.1/24 dev near; ip address add 10.1.0.1/24 dev lo
there ip link set lo up; there ip link set far up; there ip address add 192.0.2.2/24 dev far; there ip address add 10.2.0.1/24 dev lo

# configure NAME OWN PEER OWN-NET PEER-NET
configure() {
	mkdir -p "$HOME/$1/swanctl"
	cat >"$HOME/$1/strongswan.conf" <<-END
		charon {
			load_modular = no
			load = random nonce aes sha1 sha2 hmac kdf gcm openssl kernel-netlink socket-default vici updown
			filelog { log { path = $HOME/$1/log
				default = 1
				flush_line = yes
			} }
			plugins { vici { socket = unix://$HOME/$1/vici
			} }
		}
	END
	cat >"$HOME/$1/swanctl/swanctl.conf" <<-END
		connections { one {
			version = 2
			local_addrs = $2
			remote_addrs = $3
			local { auth = psk
				id = $2 }
			remote { auth = psk
				id = $3 }
			children { net { local_ts = $4
				remote_ts = $5
				esp_proposals = aes128gcm16 } }
		} }
		secrets { ike { secret = "not a secret" } }
	END
}
configure near 192.0.2.1 192.0.2.2 10.1.0.0/24 10.2.0.0/24
configure far 192.0.2.2 192.0.2.1 10.2.0.0/24 10.1.0.0/24
swanctl_of() { name=$1; shift; STRONGSWAN_CONF=$HOME/$name/strongswan.conf SWANCTL_DIR=$HOME/$name/swanctl swanctl "$@" --uri "unix://$HOME/$name/vici"; }
STRONGSWAN_CONF=$HOME/near/strongswan.conf "$bin/uxfrm" run -- /usr/lib/ipsec/charon >"$HOME/near/out" 2>&1 & near=$!
# the other one supervised; two in one /run: the second must not think that it is the first
until_true [ -S "$HOME/near/vici" ]; rm -f /run/charon.pid
STRONGSWAN_CONF=$HOME/far/strongswan.conf there "$bin/uxfrm" run --seccomp -- /usr/lib/ipsec/charon >"$HOME/far/out" 2>&1 & far=$!
until_true [ -S "$HOME/far/vici" ]

check "nobody here is root outside" [ "$(awk '{print $2}' /proc/self/uid_map)" = 61234 ]
check "a daemon runs in the one namespace" sh -c "'$bin/uxfrm' -j stats | grep -q '\"pid\"'"
check "another one in the other" there sh -c "'$bin/uxfrm' -j stats | grep -q '\"pid\"'"
check "its configuration is loaded" swanctl_of near --load-all
check "the peer's as well" swanctl_of far --load-all
check "the tunnel comes up" swanctl_of near --initiate --timeout 10 --child net
check "two SAs" sh -c "[ \$('$bin/uxfrm' state list | grep -c 'proto esp') = 2 ]"
check "packets pass" ping -c 5 -i 0.05 -W 2 -I 10.1.0.1 10.2.0.1
check "packets pass from the other side" there ping -c 5 -i 0.05 -W 2 -I 10.2.0.1 10.1.0.1
packets() { "$bin/uxfrm" -s state list | sed -n 's/.*(bytes), \([0-9]*\)(packets)/\1/p'; }
check "each SA carried ten of them" [ "$(packets | grep -cx 10)" = 2 ]
check "static and Go programs too, supervised" sh -c "[ \$('$bin/uxfrm' run --seccomp -- ip xfrm state list | grep -c 'proto esp') = 2 ]"
check "rekeyed" swanctl_of near --rekey --child net
check "packets pass after that" ping -c 5 -i 0.05 -W 2 -I 10.1.0.1 10.2.0.1
check "down" swanctl_of near --terminate --timeout 10 --ike one
check "nothing is left" until_true sh -c "[ \$('$bin/uxfrm' state list | grep -c 'proto esp') = 0 ] && [ \$('$bin/uxfrm' policy list | grep -c 'dir out') = 0 ]"
kill "$near" "$far"
wait "$near" "$far"
echo "1..$tests"
[ $failed = 0 ] || tail -n 5 "$HOME"/*/log "$HOME"/*/out | sed 's/^/# /'
[ $failed = 0 ]
