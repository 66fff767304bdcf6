// SPDX-License-Identifier: MIT OR Apache-2.0
//! Drops what takes long to drop (Stores, process memories) on a thread of its own, so that the next
//! task need not wait for it.
//!
//! The queue is short: when tasks die faster than the thread can bury them, the vCPU does it itself,
//! and dead memories cannot pile up.
#![forbid(unsafe_code)]

use std::any::Any;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

const QUEUE: usize = 16;

/// The vCPUs' end.
pub struct Reaper(SyncSender<Box<dyn Any + Send>>);

impl Reaper {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the host gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(QUEUE);
        std::thread::Builder::new().name("reaper".to_owned()).spawn(move || bury(&receiver))?;
        Ok(Self(sender))
    }

    /// Drops `dead`, soon.
    pub fn bury(&self, dead: impl Any + Send) {
        match self.0.try_send(Box::new(dead)) {
            Ok(()) => {}
            Err(TrySendError::Full(dead) | TrySendError::Disconnected(dead)) => drop(dead),
        }
    }
}

fn bury(receiver: &Receiver<Box<dyn Any + Send>>) {
    while let Ok(dead) = receiver.recv() {
        drop(dead);
    }
}
