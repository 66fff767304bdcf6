// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dc` and `bc`: calculators with as many digits as one wants.
//!
//! `decimal` has the numbers and their rules of scale, `text` reads and prints them in any base. `dc` is
//! one file; of bc, `bc/lex` and `bc/parse` make a tree, `bc/run` and `bc/values` execute it, and `library` has the functions
//! of `-l`.

#![forbid(unsafe_code)]

mod bc;
mod dc;
mod decimal;
mod library;
mod text;

pub use bc::bc;
pub use dc::dc;
