// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels over streams of bytes.

use crate::{Numbers, Round, mix};
use std::hint::black_box;

/// Text-like bytes: words of a small vocabulary, so that there is something to compress.
pub fn text(len: usize) -> Vec<u8> {
    let mut numbers = Numbers::new(1);
    let words: Vec<Vec<u8>> = (0..200)
        .map(|_| (0..2 + numbers.below(9)).map(|_| b'a' + numbers.below(26) as u8).collect())
        .collect();
    let mut text = Vec::with_capacity(len + 16);
    while text.len() < len {
        let choice = numbers.below(200).min(numbers.below(200)) as usize;
        text.extend_from_slice(&words[choice]);
        text.push(if numbers.below(12) == 0 { b'\n' } else { b' ' });
    }
    text.truncate(len);
    text
}

fn result_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(bytes.len() as u64, |result, byte| mix(result, (*byte).into()))
}

const SHA256_CONSTANTS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// One block of SHA-256 (FIPS 180-4), in plain code on every machine.
fn sha256_block(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut words = [0u32; 64];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    for i in 16..64 {
        let (a, b) = (words[i - 15], words[i - 2]);
        let small0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
        let small1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
        words[i] =
            words[i - 16].wrapping_add(small0).wrapping_add(words[i - 7]).wrapping_add(small1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (word, constant) in words.iter().zip(SHA256_CONSTANTS) {
        let big1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let t1 =
            h.wrapping_add(big1).wrapping_add(choice).wrapping_add(constant).wrapping_add(*word);
        let big0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
        (d, c, b, a) = (c, b, a, t1.wrapping_add(big0.wrapping_add(majority)));
    }
    for (word, add) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(add);
    }
}

/// SHA-256's first state.
const SHA256_START: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// SHA-256 over text.
pub fn sha256() -> Round {
    let data = text(256 << 10);
    Box::new(move || {
        let mut state = SHA256_START;
        for block in black_box(&data[..]).as_chunks::<64>().0 {
            sha256_block(&mut state, block);
        }
        state.iter().fold(0, |result, word| mix(result, (*word).into()))
    })
}

/// SHA-256 over 64 KiB that follow from a number.
pub fn sha256_piece(number: u64) -> u64 {
    let mut state = SHA256_START;
    let mut block = [0; 64];
    for index in 0..1024u64 {
        block[..8].copy_from_slice(&(number << 10 | index).to_le_bytes());
        sha256_block(&mut state, &block);
    }
    state.iter().fold(0, |result, word| mix(result, (*word).into()))
}

/// CRC-32 by a table, a byte at a time.
pub fn crc32() -> Round {
    let data = text(512 << 10);
    let mut table = [0u32; 256];
    for (index, entry) in (0u32..).zip(&mut table) {
        *entry = (0..8).fold(index, |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()));
    }
    Box::new(move || {
        let crc = black_box(&data[..])
            .iter()
            .fold(!0u32, |crc, byte| (crc >> 8) ^ table[usize::from(crc as u8 ^ byte)]);
        (!crc).into()
    })
}

/// Pairs of literals and copies from before, as LZ77 has them: `(literals, distance, length)`.
fn lz_compress(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut last = vec![usize::MAX; 1 << 14];
    let (mut at, mut literals) = (0, 0);
    while at + 4 <= data.len() {
        let word = u32::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
        let slot = (word.wrapping_mul(2_654_435_761) >> 18) as usize;
        let from = std::mem::replace(&mut last[slot], at);
        let longest = (data.len() - at).min(250);
        let len = match from.checked_add(65_535) {
            Some(reach) if reach >= at => {
                (0..longest).take_while(|i| data[from + i] == data[at + i]).count()
            }
            _ => 0,
        };
        if len < 4 && at - literals < 255 {
            at += 1;
            continue;
        }
        let len = if len < 4 { 0 } else { len };
        out.push((at - literals) as u8);
        out.extend_from_slice(&data[literals..at]);
        out.extend_from_slice(&(if len == 0 { 0 } else { (at - from) as u16 }).to_le_bytes());
        out.push(len as u8);
        at += len;
        literals = at;
    }
    out
}

/// Unpacks what an LZ77 compressor has packed.
pub fn lz() -> Round {
    let packed = lz_compress(&text(512 << 10));
    let mut out = Vec::with_capacity(512 << 10);
    Box::new(move || {
        out.clear();
        let mut rest = black_box(&packed[..]);
        while let [count, more @ ..] = rest {
            let (literals, more) = more.split_at(usize::from(*count));
            out.extend_from_slice(literals);
            let [low, high, len, more @ ..] = more else { break };
            let distance = usize::from(u16::from_le_bytes([*low, *high]));
            let from = out.len() - distance;
            for i in from..from + usize::from(*len) {
                let byte = out[i];
                out.push(byte);
            }
            rest = more;
        }
        out.iter().step_by(97).fold(out.len() as u64, |result, byte| mix(result, (*byte).into()))
    })
}

/// Unpacks DEFLATE with the crate that most programs do it with.
pub fn inflate() -> Round {
    let packed = miniz_oxide::deflate::compress_to_vec(&text(256 << 10), 6);
    Box::new(move || match miniz_oxide::inflate::decompress_to_vec(black_box(&packed)) {
        Ok(data) => result_of(&data[data.len() - 1000..]),
        Err(_) => 0,
    })
}

/// Writes base64 and reads it back.
pub fn base64() -> Round {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let data = text(192 << 10);
    let mut values = [0u8; 256];
    for (value, letter) in (0..).zip(LETTERS) {
        values[usize::from(*letter)] = value;
    }
    Box::new(move || {
        let mut coded = Vec::with_capacity(data.len() / 3 * 4);
        for three in black_box(&data[..]).as_chunks::<3>().0 {
            let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            coded.extend([18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift) as usize & 63]));
        }
        let mut back = Vec::with_capacity(data.len());
        for four in coded.as_chunks::<4>().0 {
            let bits = four
                .iter()
                .fold(0, |bits, letter| bits << 6 | u32::from(values[usize::from(*letter)]));
            back.extend_from_slice(&bits.to_be_bytes()[1..]);
        }
        mix(result_of(&coded[..1000]), u64::from(back == data))
    })
}
