// SPDX-License-Identifier: MIT OR Apache-2.0
//! Drops what takes long to drop (Stores, process memories) on a thread of its own, so that the next
//! task need not wait for it; and makes there what takes long to make (spare Stores).
//!
//! The queue is short: when tasks die faster than the thread can bury them, the vCPU does it itself,
//! and dead memories cannot pile up.
#![forbid(unsafe_code)]

use crate::vm::Vm;
use std::any::Any;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

const QUEUE: usize = 16;

enum Work {
    Bury(Box<dyn Any + Send>),
    Refill(Arc<Vm>),
}

/// The vCPUs' end.
pub struct Reaper(SyncSender<Work>);

impl Reaper {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the host gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE);
        std::thread::Builder::new().name("reaper".to_owned()).spawn(move || work(&receiver))?;
        Ok(Self(sender))
    }

    /// Drops `dead`, soon.
    pub fn bury(&self, dead: impl Any + Send) {
        match self.0.try_send(Work::Bury(Box::new(dead))) {
            Ok(()) => {}
            Err(TrySendError::Full(dead) | TrySendError::Disconnected(dead)) => drop(dead),
        }
    }

    /// Makes spare Stores, soon. Without room in the queue, the next one who asks gets them made.
    pub fn refill(&self, vm: &Arc<Vm>) {
        let _ = self.0.try_send(Work::Refill(Arc::clone(vm)));
    }
}

fn work(receiver: &Receiver<Work>) {
    while let Ok(work) = receiver.recv() {
        match work {
            Work::Bury(dead) => drop(dead),
            Work::Refill(vm) => vm.parking.refill(&vm),
        }
    }
}
