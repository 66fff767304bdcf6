// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls that no crate wraps: swap, and the ioctls of block devices, loops and file systems. This is the
//! only module of the crate with unsafe code.
//!
//! Numbers of requests that carry a C `long` depend on its size, so they are computed.

#![expect(unsafe_code, reason = "ioctls and swapon; each use says why it is sound")]

use std::ffi::{CString, c_int, c_long, c_ulong};
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// `_IOR(0x12, number, size_t)`.
const fn read_size(number: u32) -> u32 {
    0x8000_1200 | number | (size_of::<usize>() as u32) << 16
}

pub const BLKROSET: u32 = 0x125d;
pub const BLKROGET: u32 = 0x125e;
pub const BLKRRPART: u32 = 0x125f;
pub const BLKGETSIZE: u32 = 0x1260;
pub const BLKFLSBUF: u32 = 0x1261;
pub const BLKRASET: u32 = 0x1262;
pub const BLKRAGET: u32 = 0x1263;
pub const BLKSSZGET: u32 = 0x1268;
pub const BLKBSZGET: u32 = read_size(112);
pub const BLKBSZSET: u32 = read_size(113) ^ 0xc000_0000;
pub const BLKGETSIZE64: u32 = read_size(114);
pub const BLKDISCARD: u32 = 0x1277;
pub const BLKIOMIN: u32 = 0x1278;
pub const BLKIOOPT: u32 = 0x1279;
pub const BLKALIGNOFF: u32 = 0x127a;
pub const BLKPBSZGET: u32 = 0x127b;
pub const BLKSECDISCARD: u32 = 0x127d;
pub const BLKZEROOUT: u32 = 0x127f;
const FIFREEZE: u32 = 0xc004_5877;
const FITHAW: u32 = 0xc004_5878;
const FITRIM: u32 = 0xc018_5879;
const LOOP_SET_FD: u32 = 0x4c00;
const LOOP_CLR_FD: u32 = 0x4c01;
const LOOP_SET_STATUS64: u32 = 0x4c04;
const LOOP_GET_STATUS64: u32 = 0x4c05;
const LOOP_SET_CAPACITY: u32 = 0x4c07;
const LOOP_CTL_GET_FREE: u32 = 0x4c82;

fn checked(result: c_int) -> Result<c_int> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result) }
}

/// An ioctl whose argument is a number or nothing.
pub fn request(file: &impl AsRawFd, number: u32, value: c_ulong) -> Result<c_int> {
    // SAFETY: callers name requests of this module only that take a number; no memory is touched.
    checked(unsafe { libc::ioctl(file.as_raw_fd(), number as _, value) })
}

/// An ioctl that fills in an `int`.
pub fn get_int(file: &impl AsRawFd, number: u32) -> Result<c_int> {
    let mut value: c_int = 0;
    pointer(file.as_raw_fd(), number, &mut value)?;
    Ok(value)
}

/// An ioctl that reads an `int`.
pub fn set_int(file: &impl AsRawFd, number: u32, mut value: c_int) -> Result<()> {
    pointer(file.as_raw_fd(), number, &mut value)
}

/// An ioctl that fills in a `long`.
pub fn get_long(file: &impl AsRawFd, number: u32) -> Result<c_long> {
    let mut value: c_long = 0;
    pointer(file.as_raw_fd(), number, &mut value)?;
    Ok(value)
}

/// The size of a block device in bytes.
pub fn device_size(file: &impl AsRawFd) -> Result<u64> {
    let mut value = 0_u64;
    pointer(file.as_raw_fd(), BLKGETSIZE64, &mut value)?;
    Ok(value)
}

/// An ioctl on a range of bytes: where it starts, and how long it is.
pub fn range(file: &impl AsRawFd, number: u32, start: u64, length: u64) -> Result<()> {
    pointer(file.as_raw_fd(), number, &mut [start, length])
}

/// Holds a file system's writes back, or lets them go on.
pub fn freeze(folder: &impl AsRawFd, hold: bool) -> Result<()> {
    request(folder, if hold { FIFREEZE } else { FITHAW }, 0).map(drop)
}

/// Tells the device of a file system which blocks are free. Gives how many bytes those were.
pub fn trim(folder: &impl AsRawFd, start: u64, length: u64, at_least: u64) -> Result<u64> {
    let mut range = [start, length, at_least];
    pointer(folder.as_raw_fd(), FITRIM, &mut range)?;
    Ok(range[1])
}

/// An ioctl that reads or writes what `value` points to.
fn pointer<Value>(fd: RawFd, number: u32, value: &mut Value) -> Result<()> {
    // SAFETY: every caller in this module gives a value of the request's own type, which lives until the
    // call returns. All of them are plain numbers, of which every bit pattern is valid.
    checked(unsafe { libc::ioctl(fd, number as _, std::ptr::from_mut(value)) }).map(drop)
}

/// `struct loop_info64` of linux/loop.h.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct LoopInfo {
    pub device: u64,
    pub inode: u64,
    pub rdevice: u64,
    pub offset: u64,
    pub size_limit: u64,
    pub number: u32,
    encrypt_type: u32,
    encrypt_key_size: u32,
    pub flags: u32,
    pub file_name: [u8; 64],
    crypt_name: [u8; 64],
    encrypt_key: [u8; 32],
    init: [u64; 2],
}

impl LoopInfo {
    /// One with nothing set.
    pub fn new() -> Self {
        // SAFETY: it consists of numbers, for which zeroes are valid.
        unsafe { std::mem::zeroed() }
    }
}

/// What a loop device shows.
pub fn loop_info(device: &impl AsRawFd) -> Result<LoopInfo> {
    let mut info = LoopInfo::new();
    pointer(device.as_raw_fd(), LOOP_GET_STATUS64, &mut info)?;
    Ok(info)
}

/// Makes a loop device show `file`.
pub fn loop_attach(device: &impl AsRawFd, file: &impl AsRawFd, mut info: LoopInfo) -> Result<()> {
    request(device, LOOP_SET_FD, file.as_raw_fd() as c_ulong)?;
    pointer(device.as_raw_fd(), LOOP_SET_STATUS64, &mut info).inspect_err(|_| {
        // The first error is the one to tell.
        let _ = request(device, LOOP_CLR_FD, 0);
    })
}

/// Takes the file away from a loop device.
pub fn loop_detach(device: &impl AsRawFd) -> Result<()> {
    request(device, LOOP_CLR_FD, 0).map(drop)
}

/// Makes a loop device look at its file's size again.
pub fn loop_resize(device: &impl AsRawFd) -> Result<()> {
    request(device, LOOP_SET_CAPACITY, 0).map(drop)
}

/// The number of a free loop device, made if there is none.
pub fn loop_free(control: &impl AsRawFd) -> Result<c_int> {
    request(control, LOOP_CTL_GET_FREE, 0)
}

fn c_path(path: &Path) -> Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}

/// swapon(2).
pub fn swap_on(path: &Path, flags: c_int) -> Result<()> {
    let path = c_path(path)?;
    // SAFETY: the path is a C string that lives across the call.
    checked(unsafe { libc::swapon(path.as_ptr(), flags) }).map(drop)
}

/// swapoff(2).
pub fn swap_off(path: &Path) -> Result<()> {
    let path = c_path(path)?;
    // SAFETY: the path is a C string that lives across the call.
    checked(unsafe { libc::swapoff(path.as_ptr()) }).map(drop)
}
