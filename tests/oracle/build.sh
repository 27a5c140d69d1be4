#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Builds the kernel that the oracle asks: a User-Mode Linux of the system's package linux-source-6.12
# with everything of XFRM. Prints the directory that holds it, as ./linux. The directory is a cache:
# its name says the version of the package and the configuration, and what is there is not built again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
package=linux-source-6.12

die()
{
	echo "build.sh: $1" >&2
	exit 1
}

version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) || die "package $package is not installed"
config=$(sha256sum "$here/kernel.config" | cut -c1-12)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/uxfrm/oracle
dir=$cache/$version-$config

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ -x "$dir/linux" ]; then
	echo "$dir"
	exit 0
fi

# Built beside its place and renamed there at the end, so that a broken build leaves no kernel.
work=$(mktemp -d "$cache/building.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
echo "build.sh: building Linux $version as a program, some minutes, log in $cache/log" >&2
mkdir "$work/src" "$work/out"
cd "$work/src"
{
	tar -C "$work/src" --strip-components=1 -xf "/usr/src/$package.tar.xz"
	make ARCH=um allnoconfig
	scripts/kconfig/merge_config.sh -m .config "$here/kernel.config"
	make ARCH=um olddefconfig
} >"$cache/log" 2>&1 || die "the kernel cannot be configured, see $cache/log"
for option in $(grep -o '^CONFIG_[A-Z0-9_]*' "$here/kernel.config"); do
	grep -q "^$option=" .config || die "this kernel has no $option"
done
{
	make ARCH=um -j"$(nproc)" linux
	strip -o "$work/out/linux" linux
} >>"$cache/log" 2>&1 || die "the kernel cannot be built, see $cache/log"

rm -rf "$dir"
mv "$work/out" "$dir"
echo "$dir"
