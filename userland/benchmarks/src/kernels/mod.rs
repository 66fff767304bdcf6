// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernels, by what they are made of. A round takes about a millisecond.

mod bytes;
mod data;
mod numbers;
mod search;

use crate::Kernel;
pub use bytes::sha256_piece;

/// All of them.
pub const KERNELS: &[Kernel] = &[
    Kernel { name: "sha256", prepare: bytes::sha256 },
    Kernel { name: "crc32", prepare: bytes::crc32 },
    Kernel { name: "lz", prepare: bytes::lz },
    Kernel { name: "inflate", prepare: bytes::inflate },
    Kernel { name: "base64", prepare: bytes::base64 },
    Kernel { name: "sort", prepare: data::sort },
    Kernel { name: "quicksort", prepare: data::quicksort },
    Kernel { name: "hash-map", prepare: data::hash_map },
    Kernel { name: "binary-trees", prepare: data::binary_trees },
    Kernel { name: "json", prepare: data::json },
    Kernel { name: "interpreter", prepare: data::interpreter },
    Kernel { name: "matrix", prepare: numbers::matrix },
    Kernel { name: "mandelbrot", prepare: numbers::mandelbrot },
    Kernel { name: "nbody", prepare: numbers::nbody },
    Kernel { name: "spectral-norm", prepare: numbers::spectral_norm },
    Kernel { name: "fibonacci", prepare: numbers::fibonacci },
    Kernel { name: "collatz", prepare: numbers::collatz },
    Kernel { name: "sieve", prepare: search::sieve },
    Kernel { name: "fannkuch", prepare: search::fannkuch },
    Kernel { name: "queens", prepare: search::queens },
    Kernel { name: "string-search", prepare: search::string_search },
    Kernel { name: "word-count", prepare: search::word_count },
    Kernel { name: "edit-distance", prepare: search::edit_distance },
];
