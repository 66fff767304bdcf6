// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files of any kind for the loader; the corpus is made of programs.
#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| ochre_fuzz::load(file));
