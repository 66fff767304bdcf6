// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shell, installed as /bin/sh, /bin/ash, /bin/bash and /bin/brush. All of it is brush; what the guest needs
//! beyond brush's releases stands in `../patches`.

#![forbid(unsafe_code)]

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: ochre_allocator::Allocator = ochre_allocator::Allocator;

fn main() {
    brush_shell::entry::run();
}
