// SPDX-License-Identifier: MIT OR Apache-2.0
//! Divides by zero where nobody checks: SIGFPE. Rust's own division checks, the C library's does not.

use ochre_probes::say;

#[repr(C)]
struct Quotient {
    quotient: i64,
    remainder: i64,
}

unsafe extern "C" {
    fn lldiv(numerator: i64, denominator: i64) -> Quotient;
    fn atoi(text: *const std::ffi::c_char) -> i32;
}

fn main() {
    say("about to divide by zero");
    // SAFETY: the text is terminated. The division faults, which is what is under test.
    let result = unsafe { lldiv(1, i64::from(atoi(c"0".as_ptr()))) };
    say(format_args!("quotient {}, remainder {}: no fault", result.quotient, result.remainder));
}
