// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels over structures in memory.

use super::bytes::text;
use crate::{Numbers, Round, mix};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::hint::black_box;

fn unsorted(seed: u64, len: usize) -> Vec<u32> {
    let mut numbers = Numbers::new(seed);
    (0..len).map(|_| numbers.next() as u32).collect()
}

fn sampled(numbers: &[u32]) -> u64 {
    numbers.iter().step_by(61).fold(0, |result, number| mix(result, (*number).into()))
}

/// The standard library's sort.
pub fn sort() -> Round {
    let input = unsorted(4, 40_000);
    Box::new(move || {
        let mut numbers = black_box(&input).clone();
        numbers.sort_unstable();
        sampled(&numbers)
    })
}

/// The textbook's quicksort, which calls itself for both halves.
pub fn quicksort() -> Round {
    fn quicksort(numbers: &mut [u32]) {
        let [_, .., pivot] = *numbers else { return };
        let mut less = 0;
        for i in 0..numbers.len() - 1 {
            if numbers[i] < pivot {
                numbers.swap(i, less);
                less += 1;
            }
        }
        let last = numbers.len() - 1;
        numbers.swap(less, last);
        let (left, right) = numbers.split_at_mut(less);
        quicksort(left);
        quicksort(&mut right[1..]);
    }
    let input = unsorted(5, 30_000);
    Box::new(move || {
        let mut numbers = black_box(&input).clone();
        quicksort(&mut numbers);
        sampled(&numbers)
    })
}

/// Puts numbers into a hash map and looks for others.
pub fn hash_map() -> Round {
    let keys = unsorted(6, 20_000);
    Box::new(move || {
        let mut map: HashMap<u32, u32, BuildHasherDefault<DefaultHasher>> = HashMap::default();
        for key in black_box(&keys) {
            *map.entry(key % 7000).or_default() += key >> 16;
        }
        (0..10_000).fold(map.len() as u64, |result, key| {
            map.get(&key).map_or(result, |value| mix(result, (*value).into()))
        })
    })
}

/// Trees that are made, walked through and freed.
pub fn binary_trees() -> Round {
    struct Tree {
        halves: Option<Box<(Tree, Tree)>>,
    }
    impl Tree {
        fn new(depth: u32) -> Self {
            let halves =
                depth.checked_sub(1).map(|less| Box::new((Self::new(less), Self::new(less))));
            Self { halves }
        }

        fn count(&self) -> u64 {
            1 + self.halves.as_ref().map_or(0, |halves| halves.0.count() + halves.1.count())
        }
    }
    Box::new(|| (4..black_box(14)).fold(0, |result, depth| mix(result, Tree::new(depth).count())))
}

/// Reads JSON with the crate that most programs do it with.
pub fn json() -> Round {
    let mut numbers = Numbers::new(7);
    let words = text(40_000);
    let words: Vec<_> = words.split(|byte| *byte == b' ').map(String::from_utf8_lossy).collect();
    let mut document = String::from("[");
    for (id, pair) in words.as_chunks::<2>().0.iter().take(1500).enumerate() {
        let (amount, comma) = (numbers.below(1_000_000), if id == 0 { "" } else { "," });
        let [first, second] = [0, 1].map(|i| pair[i].replace('\n', "\\n"));
        document.push_str(&format!(
            "{comma}{{\"id\": {id}, \"name\": \"{first}\", \"tags\": [\"{second}\", null, true], \
             \"amount\": {amount}.25}}"
        ));
    }
    document.push(']');
    Box::new(move || {
        let value: serde_json::Value =
            serde_json::from_str(black_box(&document)).unwrap_or_default();
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().fold(items.len() as u64, |result, item| {
            let amount = item["amount"].as_f64().unwrap_or_default() as u64;
            mix(result, amount + item["name"].as_str().map_or(0, str::len) as u64)
        })
    })
}

/// A machine with four registers that runs a program in memory.
pub fn interpreter() -> Round {
    #[derive(Clone, Copy)]
    enum Code {
        Set(u8, u32),
        Add(u8, u8),
        Multiply(u8, u8),
        Decrement(u8),
        Swap(u8, u8),
        JumpUnlessZero(u8, u16),
        Stop,
    }
    let program = [
        Code::Set(0, 25_000),
        Code::Set(1, 1),
        Code::Set(2, 3),
        Code::Add(1, 2),
        Code::Multiply(2, 1),
        Code::Swap(1, 3),
        Code::Add(1, 3),
        Code::Decrement(0),
        Code::JumpUnlessZero(0, 3),
        Code::Stop,
    ];
    Box::new(move || {
        let program = black_box(&program[..]);
        let (mut registers, mut at) = ([0u32; 4], 0);
        loop {
            let code = program[at];
            at += 1;
            match code {
                Code::Set(to, value) => registers[usize::from(to & 3)] = value,
                Code::Add(to, from) => {
                    let value = registers[usize::from(from & 3)];
                    let to = &mut registers[usize::from(to & 3)];
                    *to = to.wrapping_add(value);
                }
                Code::Multiply(to, from) => {
                    let value = registers[usize::from(from & 3)];
                    let to = &mut registers[usize::from(to & 3)];
                    *to = to.wrapping_mul(value | 1);
                }
                Code::Decrement(to) => registers[usize::from(to & 3)] -= 1,
                Code::Swap(a, b) => registers.swap(usize::from(a & 3), usize::from(b & 3)),
                Code::JumpUnlessZero(from, target) => {
                    if registers[usize::from(from & 3)] != 0 {
                        at = usize::from(target);
                    }
                }
                Code::Stop => break,
            }
        }
        registers.iter().fold(0, |result, register| mix(result, (*register).into()))
    })
}
