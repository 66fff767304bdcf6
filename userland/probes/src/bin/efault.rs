// SPDX-License-Identifier: MIT OR Apache-2.0
//! Passes bad pointers to system calls: EFAULT, and the process goes on.

use ochre_probes::outcome;

fn main() {
    let bad = [("null", 0usize), ("low", 8), ("high", 0xf000_0000)];
    for (name, address) in bad {
        let pointer = std::hint::black_box(address) as *mut libc::c_void;
        // SAFETY: the kernel has to refuse the pointers; nothing of ours is behind them.
        unsafe {
            outcome(&format!("pipe({name})"), libc::pipe(pointer.cast()).into());
            outcome(&format!("uname({name})"), libc::uname(pointer.cast()).into());
            outcome(&format!("open({name})"), libc::open(pointer.cast(), libc::O_RDONLY).into());
            let (mut reader_writer, size) = ([0; 2], 4096);
            libc::pipe(reader_writer.as_mut_ptr());
            outcome(&format!("write({name})"), libc::write(reader_writer[1], pointer, size) as i64);
            outcome(
                "write of a byte",
                libc::write(reader_writer[1], c"x".as_ptr().cast(), 1) as i64,
            );
            outcome(&format!("read({name})"), libc::read(reader_writer[0], pointer, size) as i64);
            libc::close(reader_writer[0]);
            libc::close(reader_writer[1]);
        }
    }
}
