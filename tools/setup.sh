# SPDX-License-Identifier: BSD-2-Clause
# For ./demo and ./check, sourced by bash: be root, have the packages, build. Says what it does.

build=${UXFRM_BUILD:-$root/build}
logs=$build/logs

build_packages=(gcc libc6-dev pkg-config meson ninja-build liburcu-dev libssl-dev zlib1g-dev libjansson-dev
	libcmocka-dev libcap-ng-dev libseccomp-dev libinih-dev libselinux1-dev scdoc python3)
# what a build does well without
! dpkg --print-architecture 2>/dev/null | grep -qx amd64 || build_packages+=(libipsec-mb-dev)
# outer packets by AF_XDP, capture by tc: programs for the kernel are compiled at build time
xdp_packages=(libxdp-dev libbpf-dev bpftool clang-19)
# what tests read the schema of JSON by
test_packages=(python3-jsonschema)
# the kernel that tests/oracle asks is built from its source
oracle_packages=(linux-source-6.12 make flex bison bc xz-utils)
# unmodified IKE daemons, for tests/interop/ike and ./demo --ike; the last has kernel-libipsec
strongswan_packages=(strongswan-charon strongswan-swanctl libstrongswan-standard-plugins libstrongswan-extra-plugins
	libcharon-extra-plugins)
libreswan_packages=(libreswan)
# a client without a libc, for tests/shim/test_go.sh
go_packages=(golang-go golang-github-vishvananda-netlink-dev)
# peers that bench/run measures in the same run
bench_packages=(libdpdk-dev iperf3 wireguard-go openssl openvpn)
demo_packages=(iproute2 netbase iputils-ping nftables procps)

# become_root ARGS... - start again by sudo unless root already.
become_root() {
	[ "$(id -u)" -eq 0 ] && return
	if ! command -v sudo >/dev/null; then
		echo "$0: needs root (network namespaces, TUN devices), and there is no sudo" >&2
		exit 2
	fi
	echo "starting again as root, by sudo"
	exec sudo --preserve-env=CI,UXFRM_BUILD -- "$0" "$@"
}

# tee_log NAME - everything said from here on goes to build/logs/NAME.log as well.
tee_log() {
	mkdir -p "$logs"
	exec > >(exec tee --ignore-interrupts "$logs/$1.log") 2>&1
	tee_pid=$!
}

# drain_log - wait until the log has everything, so that nothing is printed after the end.
drain_log() {
	exec >/dev/null 2>&1
	wait "$tee_pid" 2>/dev/null || true
}

# install_packages NAME... - those that are missing, from the system's own package source.
install_packages() {
	local missing=() name
	command -v apt-get >/dev/null || return 0
	for name in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null) in
		*" installed") ;;
		*) missing+=("$name") ;;
		esac
	done
	[ ${#missing[@]} -eq 0 ] && return
	echo "installing: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update >"$logs/apt.log" 2>&1 &&
		apt-get -q -y install --no-install-recommends "${missing[@]}" >>"$logs/apt.log" 2>&1 || {
		tail -n 20 "$logs/apt.log"
		echo "the packages could not be installed" >&2
		return 2
	}
}

# unpack_packages DIR NAME... - those packages, and what they need, unpacked into DIR/root and not installed: IKE
# daemons would start, and two of them cannot be installed together. Once, unless other packages are wanted.
unpack_packages() {
	local dir=$1 deb part
	shift
	[ "$(cat "$dir/complete" 2>/dev/null)" != "$*" ] || return 0
	echo "unpacking into $dir: $*"
	rm -rf "$dir" && mkdir -p "$dir/packages/partial" "$dir/root/usr"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update >"$logs/apt.log" 2>&1
	apt-get -q -y -o Dir::Cache::archives="$dir/packages" --download-only --reinstall --no-install-recommends \
		install "$@" >>"$logs/apt.log" 2>&1 || {
		tail -n 20 "$logs/apt.log"
		echo "the packages could not be had" >&2
		return 2
	}
	for deb in "$dir"/packages/*.deb; do
		dpkg -x "$deb" "$dir/root" || return 2
	done
	# where /bin, /lib and /sbin are links into /usr
	for part in bin lib sbin; do
		[ ! -d "$dir/root/$part" ] || cp -a "$dir/root/$part" "$dir/root/usr/"
	done
	rm -rf "$dir/packages"
	echo "$*" >"$dir/complete"
}

# unpack_ike_daemons - strongSwan and libreswan, as Debian has them.
unpack_ike_daemons() {
	unpack_packages "$build/ike/strongswan" "${strongswan_packages[@]}" &&
		unpack_packages "$build/ike/libreswan" "${libreswan_packages[@]}"
}

# configure DIR OPTIONS... - meson setup, or again when it is of an older version of the tree.
configure() {
	local dir=$1
	shift
	if [ -f "$dir/build.ninja" ]; then
		meson configure "$dir" "$@"
	else
		meson setup "$dir" "$root" "$@"
	fi
}

# compile DIR OPTIONS... - configure and build; the output goes to a log and is shown when it fails.
compile() {
	local dir=$1 log
	log=$logs/build-$(basename "$dir").log
	echo "building in $dir"
	configure "$@" >"$log" 2>&1 && ninja -C "$dir" >>"$log" 2>&1 || {
		grep -m 1 -A 30 -e '^FAILED' -e 'ERROR:' "$log" || tail -n 30 "$log"
		echo "the build failed; all of it: $log" >&2
		return 2
	}
}

python() {
	local interpreter=/usr/bin/python3
	[ -x "$interpreter" ] || interpreter=python3
	PYTHONPATH=$root/tools PYTHONDONTWRITEBYTECODE=1 "$interpreter" "$@"
}
