// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory maps: fresh pages are zero, freed ones come back zero, maps move and shrink, brk moves.

use ochre_probes::{outcome, say, success};

const PAGE: usize = 4096;

fn map(pages: usize) -> *mut u8 {
    // SAFETY: a new private mapping.
    unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            pages * PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
        .cast()
    }
}

/// # Safety
/// `pages` pages at `start` are ours to read.
unsafe fn is_filled(start: *const u8, pages: usize, byte: u8) -> bool {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(start, pages * PAGE) }.iter().all(|b| *b == byte)
}

fn main() {
    // SAFETY: only mappings made here are read, written, moved and freed, inside of their bounds.
    unsafe {
        let first = map(16);
        say(format_args!("fresh pages are zero: {}", is_filled(first, 16, 0)));
        first.write_bytes(0xaa, 16 * PAGE);
        outcome("munmap of the middle", libc::munmap(first.add(4 * PAGE).cast(), 4 * PAGE).into());
        say(format_args!("before it: {}", is_filled(first, 4, 0xaa)));
        say(format_args!("after it: {}", is_filled(first.add(8 * PAGE), 8, 0xaa)));
        let place = first.add(4 * PAGE);
        let again = libc::mmap(
            place.cast(),
            4 * PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
            -1,
            0,
        )
        .cast::<u8>();
        say(format_args!("the hole can be had: {}", again == place));
        say(format_args!("and is zero: {}", is_filled(place, 4, 0)));
        success(
            "a taken place",
            match libc::mmap(
                first.cast(),
                PAGE,
                libc::PROT_READ,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                -1,
                0,
            ) {
                libc::MAP_FAILED => -1,
                _ => 0,
            },
        );
        let grown =
            libc::mremap(first.cast(), 4 * PAGE, 64 * PAGE, libc::MREMAP_MAYMOVE).cast::<u8>();
        say(format_args!("moved: contents {}", is_filled(grown, 4, 0xaa)));
        say(format_args!("moved: the rest is zero {}", is_filled(grown.add(4 * PAGE), 60, 0)));
        let shrunk = libc::mremap(grown.cast(), 64 * PAGE, 2 * PAGE, 0).cast::<u8>();
        say(format_args!("shrunk in place: {}", shrunk == grown && is_filled(shrunk, 2, 0xaa)));
        outcome("munmap of what is not mapped", libc::munmap(map(1).cast(), PAGE).into());
        outcome("munmap off a page", libc::munmap(first.add(1).cast(), PAGE).into());
        outcome("munmap of nothing", libc::munmap(first.cast(), 0).into());
        let bytes = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let failed = libc::mmap(std::ptr::null_mut(), 0, libc::PROT_READ, bytes, -1, 0);
        outcome("mmap of nothing", if failed == libc::MAP_FAILED { -1 } else { 0 });
        success("mprotect", libc::mprotect(shrunk.cast(), PAGE, libc::PROT_READ).into());
        success("madvise", libc::madvise(place.cast(), 4 * PAGE, libc::MADV_DONTNEED).into());

        // The raw call: the C library's sbrk refuses to move the break.
        let start = libc::syscall(libc::SYS_brk as _, 0) as usize;
        let moved = libc::syscall(libc::SYS_brk as _, start + 10 * PAGE) as usize;
        say(format_args!("brk moves: {}", moved == start + 10 * PAGE));
        if moved == start + 10 * PAGE {
            say(format_args!("brk is zero: {}", is_filled(start as *const u8, 10, 0)));
            (start as *mut u8).write_bytes(1, 10 * PAGE);
            libc::syscall(libc::SYS_brk as _, start);
            libc::syscall(libc::SYS_brk as _, start + 10 * PAGE);
            say(format_args!("brk is zero again: {}", is_filled(start as *const u8, 10, 0)));
        }
        // A leak would end this: 4 GiB in all.
        for _ in 0..1024 {
            let chunk = map(1024);
            if chunk.cast() == libc::MAP_FAILED {
                say("mapping and unmapping: no memory left");
                return;
            }
            chunk.write_volatile(1);
            libc::munmap(chunk.cast(), 1024 * PAGE);
        }
        say("mapping and unmapping: fine");
    }
}
