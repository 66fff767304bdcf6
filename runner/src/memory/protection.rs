// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a program may do with the pages of its memory, where that is less than everything.
//!
//! The kernel decides (`host_memory_protect`), the host's own page protection holds user code to it,
//! and the map kept here holds the host's copies to it: they look before they touch a page. Most
//! memories have no such page and no map, and then a look is one load.
//!
//! Invariants:
//! - A page that is closed on the host has a mark in the map, except for a moment while it is being
//!   opened or closed; whoever touches it in that moment is helped by `sys::faults`.
//! - The host has a limit of mappings for the whole process, and each change of protection from one
//!   page to the next makes one: [`MAX_EDGES`] are for programs.
#![forbid(unsafe_code)]

use super::region::Region;
use super::{PAGE_BYTES, UserAddr};
use crate::sys::faults::Openable;
use ochre_abi::access;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Changes of protection that all memories together may have, a quarter of what Linux grants a process
/// (`vm.max_map_count`): stacks and memories of tasks need mappings, too.
const MAX_EDGES: usize = 16384;
static EDGES: AtomicUsize = AtomicUsize::new(0);

/// Pages that a word of the map tells of, two bits each.
const PAGES_PER_WORD: usize = 32;
/// Words of the map that come into being together: 4 MiB of the memory.
const WORDS_PER_CHUNK: usize = 32;
const CHUNKS: usize = (1 << 20) / PAGES_PER_WORD / WORDS_PER_CHUNK;
/// The low bit of each page.
const LOW_BITS: u64 = u64::MAX / 3;

/// What may be done with a page: the numbers of [`ochre_abi::access`], which are those of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Access {
    /// Everything.
    Full = access::FULL,
    /// Reading.
    Read = access::READ,
    /// Nothing.
    None = access::NONE,
}

impl Access {
    /// From its number.
    pub fn new(number: u32) -> Option<Self> {
        [Self::Full, Self::Read, Self::None].into_iter().find(|access| *access as u32 == number)
    }
}

/// What somebody wants to do with pages: the bit of the map that forbids it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Use {
    /// Write, or read and write.
    Write = 1,
    /// Read.
    Read = 2,
}

type Chunk = [AtomicU64; WORDS_PER_CHUNK];

struct Map {
    chunks: Box<[OnceLock<Box<Chunk>>]>,
    openable: Openable,
    /// Changes of protection in this memory; held by whoever changes some.
    edges: Mutex<usize>,
}

impl Map {
    fn new(region: &Region) -> Option<Self> {
        let chunks = (0..CHUNKS).map(|_| OnceLock::new()).collect();
        let openable = region.openable(FIRST_PROTECTED)?;
        Some(Self { chunks, openable, edges: Mutex::new(0) })
    }

    /// Changes of protection in front of the pages of some words, and of the first one after them.
    fn edges(&self, words: RangeInclusive<usize>) -> usize {
        let before = words.start().checked_sub(1).map_or(0, |word| self.word(word));
        let (mut carry, mut edges) = (before >> 62, 0);
        for word in *words.start()..=*words.end() + 1 {
            let now = self.word(word);
            let changed = now ^ (now << 2 | carry);
            edges += ((changed | changed >> 1) & LOW_BITS).count_ones() as usize;
            carry = now >> 62;
        }
        edges
    }

    /// A word of the map; 0 where there is none.
    fn word(&self, word: usize) -> u64 {
        let chunk = self.chunks.get(word / WORDS_PER_CHUNK).and_then(OnceLock::get);
        chunk.map_or(0, |chunk| chunk[word % WORDS_PER_CHUNK].load(Ordering::Acquire))
    }

    fn set_word(&self, word: usize, marks: u64) {
        let chunk = &self.chunks[word / WORDS_PER_CHUNK];
        if marks != 0 || chunk.get().is_some() {
            let chunk =
                chunk.get_or_init(|| Box::new([const { AtomicU64::new(0) }; WORDS_PER_CHUNK]));
            chunk[word % WORDS_PER_CHUNK].store(marks, Ordering::Release);
        }
    }

    /// Writes the marks of some pages.
    fn mark(&self, pages: &RangeInclusive<usize>, access: Access) {
        for word in pages.start() / PAGES_PER_WORD..=pages.end() / PAGES_PER_WORD {
            let first = pages.start().saturating_sub(word * PAGES_PER_WORD);
            let last = (pages.end() - word * PAGES_PER_WORD).min(PAGES_PER_WORD - 1);
            let touched = (u64::MAX << (2 * first)) & (u64::MAX >> (62 - 2 * last));
            let marks = LOW_BITS * access as u64;
            self.set_word(word, self.word(word) & !touched | marks & touched);
        }
    }
}

/// First address whose page can be protected: the one before holds the word by which the host asks a
/// program to let go of its vCPU.
const FIRST_PROTECTED: u32 = ochre_abi::user::PREEMPT_FLAG_ADDR + PAGE_BYTES;

/// The marks of one memory.
#[derive(Default)]
pub struct Protection(OnceLock<Map>);

impl Protection {
    /// How many of the `len` bytes at `addr` may be used, from the first one on.
    #[inline]
    pub fn allowed(&self, addr: UserAddr, len: usize, wanted: Use) -> usize {
        match self.0.get() {
            None => len,
            Some(map) => allowed(map, addr.0 as usize, len, wanted),
        }
    }

    /// Changes what may be done with the pages of a range within the memory, on the host as well;
    /// `false` when that would be one change too many, and then nothing has changed.
    pub fn change(&self, region: &Region, addr: UserAddr, len_bytes: u32, access: Access) -> bool {
        let start = addr.0.max(FIRST_PROTECTED);
        let len_bytes = (addr.0 + len_bytes).saturating_sub(start);
        if len_bytes == 0 || (access == Access::Full && self.0.get().is_none()) {
            return true;
        }
        if self.0.get().is_none()
            && let Some(map) = Map::new(region)
        {
            let _ = self.0.set(map);
        }
        let Some(map) = self.0.get() else { return false };
        let pages = start as usize / 4096..=(start + (len_bytes - 1)) as usize / 4096;
        let words = pages.start() / PAGES_PER_WORD..=pages.end() / PAGES_PER_WORD;

        let mut edges = map.edges.lock().unwrap_or_else(PoisonError::into_inner);
        let before = map.edges(words.clone());
        let old: Vec<u64> = words.clone().map(|word| map.word(word)).collect();
        map.mark(&pages, access);
        let after = map.edges(words.clone());
        let more = after.saturating_sub(before);
        let total = EDGES.fetch_add(more, Ordering::Relaxed) + more;
        if (more > 0 && total > MAX_EDGES) || !region.set_access(start, len_bytes, access) {
            EDGES.fetch_sub(more, Ordering::Relaxed);
            words.zip(old).for_each(|(word, marks)| map.set_word(word, marks));
            return false;
        }
        EDGES.fetch_sub(before.saturating_sub(after), Ordering::Relaxed);
        *edges = *edges + after - before;
        true
    }

    /// The memory has become longer.
    pub fn grown(&self, region: &Region) {
        if let Some(map) = self.0.get() {
            region.extend_openable(&map.openable);
        }
    }

    /// Closes on the host what is marked in a range whose pages have just been replaced.
    pub fn restore(&self, region: &Region, addr: UserAddr, len_bytes: u32) {
        let Some(map) = self.0.get() else { return };
        let _changing = map.edges.lock().unwrap_or_else(PoisonError::into_inner);
        let end = u64::from(addr.0) + u64::from(len_bytes);
        for page in (u64::from(addr.0)..end).step_by(PAGE_BYTES as usize) {
            let number = page as usize / PAGE_BYTES as usize;
            let mark = map.word(number / PAGES_PER_WORD) >> (2 * (number % PAGES_PER_WORD)) & 3;
            if let Some(access) = Access::new(mark as u32).filter(|access| *access != Access::Full)
            {
                region.set_access(page as u32, PAGE_BYTES, access);
            }
        }
    }
}

impl Drop for Protection {
    fn drop(&mut self) {
        if let Some(map) = self.0.take() {
            let edges = map.edges.into_inner().unwrap_or_else(PoisonError::into_inner);
            EDGES.fetch_sub(edges, Ordering::Relaxed);
        }
    }
}

#[cold]
fn allowed(map: &Map, addr: usize, len: usize, wanted: Use) -> usize {
    let page_bytes = PAGE_BYTES as usize;
    let mut page = addr / page_bytes;
    while page * page_bytes < addr + len {
        let marks = map.word(page / PAGES_PER_WORD);
        if marks == 0 {
            page = (page / PAGES_PER_WORD + 1) * PAGES_PER_WORD;
            continue;
        }
        if marks >> (2 * (page % PAGES_PER_WORD)) & wanted as u64 != 0 {
            return (page * page_bytes).saturating_sub(addr);
        }
        page += 1;
    }
    len
}
