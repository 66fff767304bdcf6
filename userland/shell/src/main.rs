// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shell, installed as /bin/sh, /bin/ash, /bin/bash and /bin/brush. All of it is brush; what the guest needs
//! beyond brush's releases stands in `../patches`.

#![forbid(unsafe_code)]

fn main() {
    brush_shell::entry::run();
}
