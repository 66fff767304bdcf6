// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables of things that the kernel names by handle: tasks, process memories, programs.
//!
//! A handle is a slot number in the low 16 bits and the slot's generation above, so that a stale
//! handle names nothing instead of somebody else's thing.
#![forbid(unsafe_code)]

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

const SLOT_BITS: u32 = 16;
const MAX_SLOTS: usize = 1 << SLOT_BITS;
/// Generations stay below 2^15, so that a handle is a non-negative `i32`.
const MAX_GENERATION: u32 = (1 << 15) - 1;

struct Slot<T> {
    generation: u32,
    value: Option<Arc<T>>,
}

struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
}

/// One table.
pub struct HandleTable<T>(RwLock<Slots<T>>);

impl<T> Default for HandleTable<T> {
    fn default() -> Self {
        Self(RwLock::new(Slots { slots: Vec::new(), free: Vec::new() }))
    }
}

impl<T> HandleTable<T> {
    /// Enters what `make` builds from its handle; `None` when the table is full.
    pub fn insert_with(&self, make: impl FnOnce(u32) -> T) -> Option<Arc<T>> {
        self.try_insert_with(|handle| Some(make(handle)))
    }

    /// Enters what `make` builds from its handle, if it builds something.
    pub fn try_insert_with(&self, make: impl FnOnce(u32) -> Option<T>) -> Option<Arc<T>> {
        let mut table = self.write();
        let index = match table.free.pop() {
            Some(index) => index,
            None if table.slots.len() < MAX_SLOTS => {
                table.slots.push(Slot { generation: 0, value: None });
                table.slots.len() - 1
            }
            None => return None,
        };
        let slot = &mut table.slots[index];
        match make((slot.generation << SLOT_BITS) | index as u32) {
            Some(value) => {
                let value = Arc::new(value);
                slot.value = Some(Arc::clone(&value));
                Some(value)
            }
            None => {
                table.free.push(index);
                None
            }
        }
    }

    /// What `handle` names.
    pub fn get(&self, handle: u32) -> Option<Arc<T>> {
        self.with(handle, Arc::clone)
    }

    /// Calls `f` on what `handle` names, without taking a reference of its own.
    pub fn with<R>(&self, handle: u32, f: impl FnOnce(&Arc<T>) -> R) -> Option<R> {
        let table = self.read();
        let slot = table.slots.get(handle as usize & (MAX_SLOTS - 1))?;
        if slot.generation != handle >> SLOT_BITS {
            return None;
        }
        slot.value.as_ref().map(f)
    }

    /// Takes `handle` out of the table.
    pub fn remove(&self, handle: u32) -> Option<Arc<T>> {
        let mut table = self.write();
        let index = handle as usize & (MAX_SLOTS - 1);
        let slot = table.slots.get_mut(index)?;
        if slot.generation != handle >> SLOT_BITS {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = (slot.generation + 1) & MAX_GENERATION;
        table.free.push(index);
        Some(value)
    }

    /// Number of things in the table.
    pub fn len(&self) -> usize {
        let table = self.read();
        table.slots.len() - table.free.len()
    }

    /// Is there nothing in the table?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn read(&self) -> RwLockReadGuard<'_, Slots<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Slots<T>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::HandleTable;

    #[test]
    fn a_stale_handle_names_nothing() {
        let table = HandleTable::default();
        let first = *table.insert_with(|handle| handle).unwrap();
        assert_eq!(table.get(first).as_deref(), Some(&first));
        assert!(table.remove(first).is_some());
        let second = *table.insert_with(|handle| handle).unwrap();
        assert_ne!(first, second);
        assert!(table.get(first).is_none());
        assert!(table.remove(first).is_none());
        assert_eq!(table.len(), 1);
    }
}
