// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a task's instances may take of the host besides linear memory, which the kernel counts: tables,
//! and the heap that exceptions live in. The kernel does not know of these, so they are small and fixed.
#![forbid(unsafe_code)]

use wasmtime::ResourceLimiter;

/// Entries of all tables of one Store, the kernel's own included: 16 bytes each at most.
const MAX_TABLE_ENTRIES: usize = 1 << 18;
/// Bytes of the collector's heap of one Store.
const MAX_HEAP_BYTES: usize = 64 << 20;

/// Keeps count for one Store.
#[derive(Debug, Default)]
pub struct Limits {
    table_entries: usize,
}

impl ResourceLimiter for Limits {
    /// Linear memories are shared ones and are not asked about; this is the heap.
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_HEAP_BYTES)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let entries = self.table_entries.saturating_add(desired.saturating_sub(current));
        if entries > MAX_TABLE_ENTRIES {
            return Ok(false);
        }
        self.table_entries = entries;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, MAX_TABLE_ENTRIES};
    use wasmtime::ResourceLimiter;

    #[test]
    fn all_tables_count_together() {
        let mut limits = Limits::default();
        let half = MAX_TABLE_ENTRIES / 2;
        assert!(limits.table_growing(0, half, None).unwrap());
        assert!(limits.table_growing(0, half - 1, None).unwrap());
        assert!(!limits.table_growing(half, half + 2, None).unwrap());
        assert!(limits.table_growing(half, half + 1, None).unwrap());
        assert!(!limits.table_growing(0, usize::MAX, None).unwrap());
    }
}
