// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the standard files are: terminals or not, the window's size, the line discipline's flags.

use ochre_probes::say;

fn main() {
    for fd in 0..=2 {
        // SAFETY: all zeroes is valid for both structures; they live until the calls return.
        unsafe {
            let mut size: libc::winsize = std::mem::zeroed();
            let mut modes: libc::termios = std::mem::zeroed();
            if libc::isatty(fd) == 0 {
                say(format_args!("{fd}: no terminal"));
                continue;
            }
            libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size);
            libc::tcgetattr(fd, &raw mut modes);
            let flag = |bit: libc::tcflag_t| modes.c_lflag & bit != 0;
            say(format_args!(
                "{fd}: terminal, {} rows, {} columns, icanon {}, echo {}, isig {}",
                size.ws_row,
                size.ws_col,
                flag(libc::ICANON),
                flag(libc::ECHO),
                flag(libc::ISIG),
            ));
        }
    }
    // SAFETY: the calls touch no memory of ours.
    let (group, foreground) = unsafe { (libc::getpgrp(), libc::tcgetpgrp(0)) };
    say(format_args!("foreground: {}", group == foreground));
}
