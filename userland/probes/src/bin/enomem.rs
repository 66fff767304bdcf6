// SPDX-License-Identifier: MIT OR Apache-2.0
//! Maps memory up to its limit: ENOMEM, not a crash; and what was freed can be had again.

use ochre_probes::{errno_name, say};

const CHUNK: usize = 1 << 20;
const LIMIT: u64 = 96 << 20;

/// Maps and touches chunks until there are no more.
fn fill() -> (Vec<*mut u8>, i32) {
    let mut chunks = Vec::new();
    loop {
        // SAFETY: a new private mapping, which nothing else knows of; one byte of it is written.
        unsafe {
            let chunk = libc::mmap(
                std::ptr::null_mut(),
                CHUNK,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if chunk == libc::MAP_FAILED {
                let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or_default();
                return (chunks, errno);
            }
            chunk.cast::<u8>().add(CHUNK / 2).write_volatile(1);
            chunks.push(chunk.cast());
        }
    }
}

fn main() {
    let limit = libc::rlimit { rlim_cur: LIMIT, rlim_max: LIMIT };
    // SAFETY: the limit lives until the call returns.
    unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    for round in 1..=3 {
        let (chunks, errno) = fill();
        eprintln!("round {round}: {} chunks", chunks.len());
        let enough = chunks.len() > 48 && (chunks.len() as u64) < LIMIT >> 20;
        say(format_args!("round {round}: enough {enough}, then {}", errno_name(errno)));
        for chunk in chunks {
            // SAFETY: our own mapping, which nobody uses any more.
            unsafe { libc::munmap(chunk.cast(), CHUNK) };
        }
    }
}
