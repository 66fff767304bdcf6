// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread's own lists of free blocks. Talks to [`crate::shared`].
//!
//! A thread begins without lists of its own, and gets them when it has allocated so much that it is
//! worth while: what ends soon need not tidy up.

use crate::shared::{self, Free};
use crate::{CLASSES, STEP};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

/// Bytes of a full list, about,
const LIST_BYTES: usize = 2 << 10;
/// and the most blocks of one.
const MOST_BLOCKS: u32 = 32;
/// Blocks that a thread takes before it has lists of its own.
const BEGINNING: u32 = 32;

/// Free blocks of one size: the list that is taken from and given to, and a full one behind it.
#[derive(Clone, Copy)]
struct Bin {
    list: *mut Free,
    count: u32,
    spare: *mut Free,
}

/// What a thread does about its blocks.
#[derive(Clone, Copy)]
enum State {
    /// It has no lists yet, and takes so many blocks before it has.
    Beginning(u32),
    /// It has lists.
    Lists,
    /// It asks for its lists to be left to others at its end, or has come there: it has none.
    Without,
}

struct Local {
    state: Cell<State>,
    bins: UnsafeCell<[Bin; CLASSES]>,
}

/// Leaves the thread's lists to others when the thread ends.
struct AtEnd;

thread_local! {
    // It has nothing to drop, so it can be used as long as the thread runs.
    static LOCAL: Local = const {
        Local {
            state: Cell::new(State::Beginning(BEGINNING)),
            bins: UnsafeCell::new(
                [Bin { list: ptr::null_mut(), count: 0, spare: ptr::null_mut() }; CLASSES],
            ),
        }
    };
    static AT_END: AtEnd = const { AtEnd };
}

/// Blocks of a full list.
const fn full(class: usize) -> u32 {
    let blocks = (LIST_BYTES / ((class + 1) * STEP)) as u32;
    if blocks < MOST_BLOCKS { blocks } else { MOST_BLOCKS }
}

/// Gives a block; null when there is no memory.
#[inline]
pub fn take(class: usize) -> *mut u8 {
    LOCAL.with(|local| {
        if !matches!(local.state.get(), State::Lists) {
            return local.take_without(class);
        }
        // SAFETY: only this thread comes here, and nothing below comes here again.
        let bin = unsafe { &mut (*local.bins.get())[class] };
        if bin.list.is_null() {
            bin.refill(class);
        }
        let block = bin.list;
        if !block.is_null() {
            // SAFETY: what is in a list is a free block.
            bin.list = unsafe { (*block).next };
            bin.count = bin.count.saturating_sub(1);
        }
        block.cast()
    })
}

/// Takes a block back.
///
/// # Safety
/// It came from [`take`] with this class, and is not used any more.
#[inline]
pub unsafe fn give(class: usize, block: *mut u8) {
    let block = block.cast::<Free>();
    LOCAL.with(|local| {
        if !matches!(local.state.get(), State::Lists) {
            // SAFETY: the block is free and large enough; it makes a list of one.
            return unsafe {
                (*block).next = ptr::null_mut();
                shared::give(class, block);
            };
        }
        // SAFETY: as in `take`.
        let bin = unsafe { &mut (*local.bins.get())[class] };
        if bin.count >= full(class) {
            bin.make_room(class);
        }
        // SAFETY: the block is free and large enough.
        unsafe { (*block).next = bin.list };
        bin.list = block;
        bin.count += 1;
    });
}

impl Bin {
    /// Gets a list in place of the empty one.
    #[cold]
    fn refill(&mut self, class: usize) {
        self.list = std::mem::replace(&mut self.spare, ptr::null_mut());
        if self.list.is_null() {
            self.list = shared::take(class, full(class));
        }
        // A list from others may be shorter, and is then only put away too soon.
        self.count = full(class);
    }

    /// Puts the full list away.
    #[cold]
    fn make_room(&mut self, class: usize) {
        let before = std::mem::replace(&mut self.spare, self.list);
        (self.list, self.count) = (ptr::null_mut(), 0);
        // SAFETY: the list was this thread's, and is of this class.
        unsafe { shared::give(class, before) };
    }
}

impl Local {
    #[cold]
    fn take_without(&self, class: usize) -> *mut u8 {
        match self.state.get() {
            State::Beginning(0) => {
                // To ask for an end may allocate.
                self.state.set(State::Without);
                if AT_END.try_with(|_| ()).is_ok() {
                    self.state.set(State::Lists);
                }
            }
            State::Beginning(left) => self.state.set(State::Beginning(left - 1)),
            State::Lists | State::Without => {}
        }
        let list = shared::take(class, 1);
        if !list.is_null() {
            // SAFETY: it is a free block, and behind it is what remains of its list.
            unsafe { shared::give(class, (*list).next) };
        }
        list.cast()
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            local.state.set(State::Without);
            // SAFETY: only this thread comes here, and `shared` does not come here again.
            for (class, bin) in unsafe { &mut *local.bins.get() }.iter_mut().enumerate() {
                for list in [&mut bin.list, &mut bin.spare] {
                    let list = std::mem::replace(list, ptr::null_mut());
                    // SAFETY: the list was this thread's, and is of this class.
                    unsafe { shared::give(class, list) };
                }
                bin.count = 0;
            }
        });
    }
}
