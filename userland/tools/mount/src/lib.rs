// SPDX-License-Identifier: MIT OR Apache-2.0
//! File systems and their devices: `mount`, `umount`, `losetup`, `swapon`, `blkid` and their family.
//!
//! Options and output follow util-linux; where BusyBox differs in what a script can see, both ways of
//! calling are understood. What is mounted is read from /proc/self/mounts, never from a file of ours.
//!
//! Talks to the kernel; `sys` has the calls that are unsafe in Rust.

#![deny(unsafe_code)]

mod blkid;
mod device;
mod loops;
mod mount;
mod options;
mod probe;
mod root;
mod swap;
mod sys;
mod table;
mod umount;

pub use blkid::{blkid, findfs};
pub use device::{blkdiscard, blockdev, fallocate, freeramdisk, fsfreeze, fstrim};
pub use loops::losetup;
pub use mount::mount;
pub use root::{pivot_root, run_init, switch_root};
pub use swap::{mkswap, swapoff, swapon};
pub use umount::{mountpoint, umount};
