// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels that look for something.

use super::bytes::text;
use crate::{Round, mix};
use std::hint::black_box;

/// Primes by the sieve of Eratosthenes.
pub fn sieve() -> Round {
    const LIMIT: usize = 400_000;
    let mut composite = vec![false; LIMIT];
    Box::new(move || {
        composite.fill(false);
        let composite = black_box(&mut composite[..]);
        let mut number = 2;
        while number * number < LIMIT {
            if !composite[number] {
                let mut multiple = number * number;
                while multiple < LIMIT {
                    composite[multiple] = true;
                    multiple += number;
                }
            }
            number += 1;
        }
        composite.iter().filter(|composite| !**composite).count() as u64
    })
}

/// The most flips of a pack of pancakes, over all of its permutations (benchmarks game).
pub fn fannkuch() -> Round {
    const CARDS: usize = 8;
    Box::new(|| {
        let mut pack: [usize; CARDS] = black_box(std::array::from_fn(|i| i));
        let mut counts = [0; CARDS];
        let (mut most, mut sum, mut rest) = (0, 0u64, CARDS);
        loop {
            while rest > 1 {
                counts[rest - 1] = rest;
                rest -= 1;
            }
            let (mut flipped, mut flips) = (pack, 0u64);
            while flipped[0] != 0 {
                let top = flipped[0];
                flipped[..=top].reverse();
                flips += 1;
            }
            most = flips.max(most);
            sum = mix(sum, flips);
            loop {
                if rest == CARDS {
                    return mix(sum, most);
                }
                pack[..=rest].rotate_left(1);
                counts[rest] -= 1;
                if counts[rest] > 0 {
                    break;
                }
                rest += 1;
            }
        }
    })
}

/// Ways to put queens on a board so that none attacks another.
pub fn queens() -> Round {
    fn ways(all: u32, columns: u32, left: u32, right: u32) -> u64 {
        if columns == all {
            return 1;
        }
        let (mut free, mut found) = (all & !(columns | left | right), 0);
        while free != 0 {
            let place = free & free.wrapping_neg();
            free ^= place;
            found += ways(all, columns | place, (left | place) << 1, (right | place) >> 1);
        }
        found
    }
    Box::new(|| ways(black_box((1 << 9) - 1), 0, 0, 0))
}

/// Counts occurrences of words, by the standard library and byte by byte.
pub fn string_search() -> Round {
    let hay = text(96 << 10);
    let hay = String::from_utf8_lossy(&hay).into_owned();
    let needles: Vec<String> =
        hay.split([' ', '\n']).filter(|word| word.len() > 3).step_by(997).map(Into::into).collect();
    Box::new(move || {
        let hay = black_box(&hay[..]);
        needles.iter().take(6).fold(0, |result, needle| {
            let found = hay.matches(&needle[..]).count();
            let bytes = needle.as_bytes();
            let plain = hay
                .as_bytes()
                .windows(bytes.len())
                .filter(|window| window.iter().zip(bytes).all(|(a, b)| a == b))
                .count();
            mix(mix(result, found as u64), plain as u64)
        })
    })
}

/// Lines, words and characters.
pub fn word_count() -> Round {
    let text = text(256 << 10);
    Box::new(move || {
        let (mut lines, mut words, mut within) = (0u64, 0u64, false);
        for byte in black_box(&text[..]) {
            lines += u64::from(*byte == b'\n');
            let space = byte.is_ascii_whitespace();
            words += u64::from(within && space);
            within = !space;
        }
        let decoded = String::from_utf8_lossy(&text);
        let letters = decoded.chars().filter(|letter| letter.is_alphabetic()).count();
        mix(mix(lines, words), letters as u64)
    })
}

/// Levenshtein's distance of two texts.
pub fn edit_distance() -> Round {
    let all = text(4000);
    let (first, second) = (all[..600].to_vec(), all[3300..3900].to_vec());
    Box::new(move || {
        let (first, second) = (black_box(&first[..]), black_box(&second[..]));
        let mut row: Vec<u32> = (0..=second.len() as u32).collect();
        for (i, a) in (1u32..).zip(first) {
            let mut diagonal = std::mem::replace(&mut row[0], i);
            for (j, b) in second.iter().enumerate() {
                let change = diagonal + u32::from(a != b);
                diagonal = row[j + 1];
                row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
            }
        }
        row.last().copied().unwrap_or_default().into()
    })
}
