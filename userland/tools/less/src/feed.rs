// SPDX-License-Identifier: MIT OR Apache-2.0
//! Gives the pager its text: the first screen at once, the rest from a thread of its own.
//!
//! The thread reads ahead up to `AHEAD`, and then a part each time that the reader comes to the end of
//! what there is, so that an input without an end does not fill the memory.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use minus::Pager;
use minus::hooks::Hook;

use crate::printable::printable;

/// Bytes that are read without anybody asking for them.
const AHEAD: usize = 16 << 20;
/// Bytes more for each time that the end is reached.
const PART: usize = 1 << 20;

/// An input cut into whole lines.
pub struct Lines<Input> {
    input: Input,
    /// The beginning of a line that has not ended yet.
    begun: Vec<u8>,
    ended: bool,
}

impl<Input: Read> Lines<Input> {
    pub fn new(input: Input) -> Self {
        Self { input, begun: Vec::new(), ended: false }
    }

    /// Some more lines, the last one whole; nothing at the end.
    pub fn more(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut buffer = vec![0; 64 << 10];
        while !self.ended {
            let length = match self.input.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                length => length?,
            };
            let old = self.begun.len();
            self.begun.extend_from_slice(&buffer[..length]);
            self.ended = length == 0;
            let end = self.begun[old..].iter().rposition(|&byte| byte == b'\n');
            // A line without an end in sight is given in pieces.
            let cut = end
                .map(|at| old + at + 1)
                .or((self.begun.len() > AHEAD).then_some(self.begun.len()));
            if let Some(cut) = cut {
                let rest = self.begun.split_off(cut);
                return Ok(Some(std::mem::replace(&mut self.begun, rest)));
            }
        }
        let rest = std::mem::take(&mut self.begun);
        Ok((!rest.is_empty()).then_some(rest))
    }
}

/// Starts the thread; it ends with the input or with the pager.
///
/// # Errors
/// When the pager does not take its settings, or no thread can be made.
pub fn start<Input>(mut lines: Lines<Input>, pager: &Pager, colours: bool) -> anyhow::Result<()>
where
    Input: Read + Send + 'static,
{
    let (ask, asked): (SyncSender<()>, Receiver<()>) = sync_channel(1);
    // A question that nobody has answered yet is enough.
    pager.add_hook(
        Hook::EofReached,
        0,
        Box::new(move |_| {
            let _ = ask.try_send(());
        }),
    )?;
    let pager = pager.clone();
    thread::Builder::new().name("feed".into()).spawn(move || {
        let mut allowed = AHEAD;
        loop {
            let part = match lines.more() {
                Ok(Some(part)) => part,
                Ok(None) => return,
                Err(error) => {
                    // Nobody is left to hear it once the pager is gone.
                    let _ = pager.send_message(ochre_applet::reason(&error));
                    return;
                }
            };
            if pager.push_str(printable(&part, colours)).is_err() {
                return;
            }
            if allowed < part.len() {
                if asked.recv().is_err() {
                    return;
                }
                allowed += PART;
            }
            allowed = allowed.saturating_sub(part.len());
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use std::io::Read;

    #[test]
    fn lines_come_whole() {
        let text: String = (0..20_000).map(|number| format!("line {number}\n")).collect();
        let mut lines = Lines::new(text.as_bytes().chain(&b"last"[..]));
        let mut all = Vec::new();
        let mut parts = 0;
        while let Some(part) = lines.more().unwrap() {
            assert!(part.ends_with(b"\n") || part.ends_with(b"last"));
            all.extend(part);
            parts += 1;
        }
        assert_eq!(all, [text.as_bytes(), b"last"].concat());
        assert!(parts > 2);
    }
}
