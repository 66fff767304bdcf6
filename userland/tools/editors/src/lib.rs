// SPDX-License-Identifier: MIT OR Apache-2.0
//! `vi` and `less`: text on the whole terminal.
//!
//! `screen` has the terminal: keys, size, and its settings, which come back however the program ends.
//! `less` is one file. Of vi, `vi/buffer` is the text with its undo, `vi/motions` finds places in it,
//! `vi/commands` has what keys do, `vi/ex` the commands behind the colon, and `vi` draws.

#![forbid(unsafe_code)]

mod less;
mod screen;
mod vi;

pub use less::less;
pub use vi::vi;
