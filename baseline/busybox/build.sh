#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Builds BusyBox for the guest: Debian's source, its patches, our settings.
# Talks to: cargo xtask, which fetches the sources and calls this.
# Invariant: writes below BUILD and OUT only; rerun in the same BUILD is safe.
#
#   TARBALL  busybox_*.orig.tar.bz2
#   DEBIAN   busybox_*.debian.tar.xz
#   CC       the sysroot's compiler driver
#   BUILD    folder for the work, emptied first
#   OUT      gets `busybox`, `busybox.links` (the applets by their usual paths), and `suite/`: the tests as
#            their authors wrote them, beside the `.config` that they read
#   JOBS     parallel jobs (default 2)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
: "${TARBALL:?}" "${DEBIAN:?}" "${CC:?}" "${BUILD:?}" "${OUT:?}"
JOBS=${JOBS:-2}
LC_ALL=C
export LC_ALL

rm -rf "$BUILD"
mkdir -p "$BUILD" "$OUT"
cd "$BUILD"
tar xf "$TARBALL"
tar xf "$DEBIAN"
# The version's date, not that of the build: the same inputs give the same program.
SOURCE_DATE_EPOCH=$(stat -c %Y debian/changelog)
export SOURCE_DATE_EPOCH
cd busybox-*/
while read -r name; do
	case $name in '' | '#'*) continue ;; esac
	patch --silent --strip=1 <"../debian/patches/$name" || {
		echo "build busybox: Debian's $name does not fit; the files do not belong together" >&2
		exit 1
	}
done <../debian/patches/series

OCHRE_CC=$CC OCHRE_LD=${OCHRE_LD:-wasm-ld-22}
export OCHRE_CC OCHRE_LD
build() {
	make -j"$JOBS" HOSTCC="${HOSTCC:-cc}" CC="$here/tools/cc" LD="$here/tools/ld" AR=llvm-ar-22 NM=llvm-nm-22 \
		STRIP=llvm-strip-22 OBJCOPY=llvm-objcopy-22 SKIP_STRIP=y CONFIG_EXTRA_CFLAGS=-w "$@"
}
build defconfig
while read -r setting _; do
	case $setting in '' | '#'*) continue ;; esac
	name=CONFIG_${setting%=*}
	case $setting in
	*=y) sed -i "s/^# $name is not set\$/$name=y/" .config ;;
	*=n) sed -i "s/^$name=y\$/# $name is not set/" .config ;;
	esac
done <"$here/settings"
# New questions get their defaults.
yes '' 2>/dev/null | build oldconfig
while read -r setting _; do
	case $setting in '' | '#'*) continue ;; esac
	name=CONFIG_${setting%=*}
	case $setting in
	*=y) grep -q "^$name=y\$" .config ;;
	*) ! grep -q "^$name=y\$" .config ;;
	esac || {
		echo "build busybox: the configuration does not take $setting; correct baseline/busybox/settings" >&2
		exit 1
	}
done <"$here/settings"
build busybox
build busybox.links

cp busybox busybox.links "$OUT"
suite=$OUT/suite
mkdir -p "$suite/shell" "$suite/scripts"
cp .config "$suite"
cp -R testsuite "$suite"
cp -R shell/hush_test shell/ash_test "$suite/shell"
# What the runner of the ash tests would compile itself.
for name in printenv recho zecho; do
	"$CC" -O2 -w -o "$suite/shell/ash_test/$name" "shell/ash_test/$name.c"
done
