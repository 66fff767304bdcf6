#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Builds the C library: Debian's musl source, its patches, ours, our port.
# Talks to: cargo xtask, which fetches the sources and calls this.
# Invariant: writes below BUILD and OUT only; rerun in the same BUILD is safe.
#
#   MUSL_TARBALL  musl_1.2.5.orig.tar.gz
#   MUSL_DEBIAN   musl_1.2.5-*.debian.tar.xz
#   BUILD         folder for the work, emptied first
#   OUT           sysroot; gets include/ and lib/
#   CC AR RANLIB  clang and llvm's archive tools (default: version 22)
#   JOBS          parallel jobs (default 2)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
: "${MUSL_TARBALL:?}" "${MUSL_DEBIAN:?}" "${BUILD:?}" "${OUT:?}"
CC=${CC:-clang-22} AR=${AR:-llvm-ar-22} RANLIB=${RANLIB:-llvm-ranlib-22}
JOBS=${JOBS:-2}

apply() {
	patch --silent --strip=1 --fuzz=0 <"$1" || {
		echo "build-musl: $1 does not fit $(cat VERSION 2>/dev/null || echo musl); renew the patch" >&2
		exit 1
	}
}

rm -rf "$BUILD"
mkdir -p "$BUILD" "$OUT"
cd "$BUILD"
tar xf "$MUSL_TARBALL"
tar xf "$MUSL_DEBIAN"
cd musl-*/
while read -r name; do
	case $name in '' | '#'*) continue ;; esac
	apply "../debian/patches/$name"
done <../debian/patches/series
for patch in "$here"/patches/musl/*.patch; do
	apply "$patch"
done
cp -R "$here"/musl/arch "$here"/musl/src .

# The ABI is riscv32's: these are as there, but for the numbers of its own calls
# and of nanosleep, which has no 64-bit time and which no 32-bit kernel of that age has.
for name in float ipcstat msg posix sem shm stat stdint; do
	cp "arch/riscv32/bits/$name.h" arch/wasm32/bits/
done
sed '/riscv/d; /arch_specific/d; /__NR_nanosleep/d' arch/riscv32/bits/syscall.h.in |
	cat - arch/wasm32/bits/syscall-new.h.in >arch/wasm32/bits/syscall.h.in

# musl's configure knows a fixed list of machines; what it would find out for
# clang is known.
cat >config.mak <<EOF
ARCH = wasm32
prefix = $OUT
includedir = $OUT/include
libdir = $OUT/lib
CC = $CC
AR = $AR
RANLIB = $RANLIB
CFLAGS_AUTO = --target=wasm32-unknown-unknown -O2 -g0 -pipe -w
CFLAGS_AUTO += -pthread -mexception-handling -mllvm -wasm-enable-sjlj -mllvm -wasm-use-legacy-eh=false
CFLAGS_AUTO += -fno-strict-aliasing -fomit-frame-pointer -ffunction-sections -fdata-sections
CFLAGS_AUTO += -Werror=implicit-function-declaration -Werror=implicit-int -Werror=pointer-sign
CFLAGS_AUTO += -Werror=pointer-arith -Werror=int-conversion -Werror=incompatible-pointer-types
CRT_OBJS = obj/crt/crt1.o
SHARED_LIBS =
TOOL_LIBS =
ALL_TOOLS =
EOF
make -j"$JOBS" --silent install-headers install-libs CRT_OBJS=obj/crt/crt1.o

# The compiler driver and the libraries that are not musl's.
mkdir -p "$OUT/bin"
cp "$here/cc/cc" "$here/cc/cc.cfg" "$OUT/bin/"
for tool in ar ranlib nm objcopy objdump strip; do
	printf '#!/bin/sh\nexec llvm-%s-22 "$@"\n' "$tool" >"$OUT/bin/$tool"
	chmod +x "$OUT/bin/$tool"
done
builtins=${BUILTINS:-$("$CC" -print-resource-dir)/lib/wasi/libclang_rt.builtins-wasm32.a}
llvm-objcopy-22 --strip-debug "$builtins" "$OUT/lib/libclang_rt.builtins.a" || {
	echo "build-musl: no $builtins; install libclang-rt-22-dev-wasm32" >&2
	exit 1
}
"$OUT/bin/cc" -O2 -c "$here/unwind/unwind.c" -o "$BUILD/unwind.o"
rm -f "$OUT/lib/libunwind.a"
"$AR" rcs "$OUT/lib/libunwind.a" "$BUILD/unwind.o"
