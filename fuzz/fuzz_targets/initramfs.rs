// SPDX-License-Identifier: MIT OR Apache-2.0
//! Archives of any kind for the runner's check of an initramfs, which answers from memory: no input makes
//! an error of reading.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let verdict = ochre_fuzz::newc::check(std::io::Cursor::new(bytes));
    let verdict = verdict.expect("memory can be read");
    if verdict.is_ok() && bytes.starts_with(b"0707") {
        // Only with an end that says so.
        assert!(bytes.windows(10).any(|window| window == b"TRAILER!!!"));
    }
});
