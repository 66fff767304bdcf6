#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Builds Rust's standard library for the user target into a sysroot that rustc
# takes with --sysroot.
# Talks to: cargo xtask, after build-musl.sh.
# Invariant: the library source must be that of RUSTC; writes below BUILD and OUT.
#
#   RUST_SRC   library/ of the compiler's source (package rust-web-src)
#   RUSTC CARGO  by absolute path (packages rustc-web, cargo-web)
#   BUILD      folder for the work; emptied first
#   OUT        gets lib/rustlib/wasm32-unknown-linux-musl/
#   CC         the driver that build-musl.sh made
#   JOBS       parallel jobs (default 2)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
target=wasm32-unknown-linux-musl
: "${BUILD:?}" "${OUT:?}" "${CC:?}"
RUSTC=${RUSTC:-/usr/bin/rustc} CARGO=${CARGO:-/usr/bin/cargo}
RUST_SRC=${RUST_SRC:-$("$RUSTC" --print sysroot)/lib/rustlib/src/rust/library}
JOBS=${JOBS:-2}

if [ ! -f "$RUST_SRC/std/Cargo.toml" ]; then
	echo "build-std: no library source in $RUST_SRC; install rust-web-src" >&2
	exit 1
fi

# Crates of an earlier build would lie beside the new ones.
rm -rf "$BUILD/library" "$BUILD/target"
mkdir -p "$BUILD"
cp -RL "$RUST_SRC" "$BUILD/library"
cd "$BUILD/library"
for patch in "$here"/patches/std/*.patch; do
	patch --silent --strip=1 --fuzz=0 <"$patch" || {
		echo "build-std: $patch does not fit $("$RUSTC" --version); renew the patch" >&2
		exit 1
	}
done
# Cargo compares vendored files with this list; the packages' hashes stay.
for sums in vendor/libc-*/.cargo-checksum.json; do
	sed -i 's/"files":{[^}]*}/"files":{}/' "$sums"
done

export RUSTC_BOOTSTRAP=1 RUSTC
export CARGO_TARGET_DIR="$BUILD/target"
export CARGO_ENCODED_RUSTFLAGS="-Zforce-unstable-if-unmarked$(printf '\037')-Cembed-bitcode=yes$(printf '\037')-Clinker=$CC"
export __CARGO_DEFAULT_LIB_METADATA=ochre
"$CARGO" build --release --offline -j "$JOBS" -Zjson-target-spec -Zavoid-dev-deps \
	--config 'source.crates-io.replace-with="vendored-sources"' \
	--config "source.vendored-sources.directory=\"$BUILD/library/vendor\"" \
	--config 'profile.release.panic="abort"' \
	--config 'profile.release.debug=0' \
	--config 'profile.release.opt-level=3' \
	--manifest-path sysroot/Cargo.toml \
	--no-default-features \
	--target "$here/$target.json"

lib="$OUT/lib/rustlib/$target/lib"
rm -rf "$lib"
mkdir -p "$lib"
cp "$CARGO_TARGET_DIR/$target/release/deps"/*.rlib "$lib/"
