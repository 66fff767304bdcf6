// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes use the same address and do not see each other; parent and child take turns.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use ochre_probes::say;

const PAGE: usize = 4096;
/// Far from what either process maps by itself.
const PLACE: usize = 0x2000_0000;

fn own_page(place: usize) -> *mut u8 {
    // SAFETY: a new private mapping, never over one that is there.
    unsafe {
        libc::mmap(
            place as *mut libc::c_void,
            PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
            -1,
            0,
        )
        .cast()
    }
}

fn child(place: usize) {
    let page = own_page(place);
    let shared_place = page as usize == place;
    // SAFETY: our own page.
    let seen = unsafe { std::slice::from_raw_parts(page, PAGE) }.iter().any(|byte| *byte != 0);
    // SAFETY: our own page.
    unsafe { page.write_bytes(0xcc, PAGE) };
    println!("same place {shared_place}, parent's data seen {seen}");
    let mut line = String::new();
    // The parent looks at its page meanwhile, and ends us by closing the pipe.
    let _ = std::io::stdin().read_line(&mut line);
}

fn main() -> std::io::Result<()> {
    if let Some(place) = std::env::args().nth(1).and_then(|text| text.parse().ok()) {
        child(place);
        return Ok(());
    }
    let page = own_page(PLACE);
    // SAFETY: our own page.
    unsafe { page.write_bytes(0x55, PAGE) };
    let mut child = Command::new("/proc/self/exe")
        .arg((page as usize).to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    say(format_args!("child: {}", line.trim_end()));
    // SAFETY: our own page.
    let kept = unsafe { std::slice::from_raw_parts(page, PAGE) }.iter().all(|byte| *byte == 0x55);
    say(format_args!("parent: own data kept {kept}"));
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(b"\n")?;
    }
    say(format_args!("child ended with {:?}", child.wait()?.code()));
    Ok(())
}
