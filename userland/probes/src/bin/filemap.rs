// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files in memory: private maps are copies, shared read-only ones can be had. What a shared map that
//! can be written gives depends on the machine, so it goes to standard error.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;

use ochre_probes::{errno_name, say};

const SIZE: usize = 10_000;

fn map(file: &File, protection: i32, flags: i32) -> Option<&'static mut [u8]> {
    // SAFETY: a new mapping, which nobody else in this process knows of and which is never unmapped.
    unsafe {
        let start = libc::mmap(std::ptr::null_mut(), SIZE, protection, flags, file.as_raw_fd(), 0);
        (start != libc::MAP_FAILED).then(|| std::slice::from_raw_parts_mut(start.cast(), SIZE))
    }
}

fn main() -> io::Result<()> {
    let path = std::env::temp_dir().join(format!("probe-filemap-{}", std::process::id()));
    let contents: Vec<u8> = (0..SIZE).map(|at| at as u8).collect();
    fs::write(&path, &contents)?;
    let file = OpenOptions::new().read(true).write(true).open(&path)?;
    fs::remove_file(&path)?;

    match map(&file, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE) {
        Some(bytes) => {
            say(format_args!("private: contents {}", *bytes == contents[..]));
            bytes.fill(0);
            let mut read = Vec::new();
            (&file).read_to_end(&mut read)?;
            say(format_args!("private: file unchanged {}", read == contents));
        }
        None => say(format_args!("private: {}", io::Error::last_os_error())),
    }
    match map(&file, libc::PROT_READ, libc::MAP_SHARED) {
        Some(bytes) => say(format_args!("shared, read-only: contents {}", *bytes == contents[..])),
        None => say(format_args!("shared, read-only: {}", io::Error::last_os_error())),
    }
    match map(&file, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED) {
        Some(_) => eprintln!("shared, writable: possible"),
        None => eprintln!("shared, writable: {}", io::Error::last_os_error()),
    }
    // Made up as they are read; nobody can map them.
    for name in ["/proc/meminfo", "/sys/devices/system/cpu/online"] {
        let error = match map(&File::open(name)?, libc::PROT_READ, libc::MAP_PRIVATE) {
            Some(_) => "possible".to_owned(),
            None => errno_name(io::Error::last_os_error().raw_os_error().unwrap_or_default()),
        };
        say(format_args!("{name}: {error}"));
    }
    Ok(())
}
