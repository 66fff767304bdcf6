// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the benchmark programs share: the compute kernels, what they measure of a system, the clocks.
//!
//! A kernel is a small piece of work of a kind that programs do, with fixed input. Its result is a
//! number that is the same on every machine, so that whoever measures also sees that nothing was
//! computed wrong. The same source runs in the guest and on the host.

pub mod clock;
pub mod kernels;
pub mod system;
pub mod text;

/// A kernel made ready: each call does one round and gives the result.
pub type Round = Box<dyn FnMut() -> u64>;

/// One kernel.
pub struct Kernel {
    /// Its name on the command line and in tables.
    pub name: &'static str,
    /// Makes its input.
    pub prepare: fn() -> Round,
}

/// A generator of numbers that look random and are the same everywhere (xorshift64*).
pub struct Numbers(u64);

impl Numbers {
    /// One of its own for each kernel.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next one.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// The next one below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }
}

/// Adds a number to a result (FNV-1a over words).
pub fn mix(result: u64, number: u64) -> u64 {
    (result ^ number).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
}

/// As the guest's larger programs have it.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: ochre_allocator::Allocator = ochre_allocator::Allocator;
