// SPDX-License-Identifier: MIT OR Apache-2.0
//! A message as it comes from syslog(3): `<PRIORITY>Mmm dd hh:mm:ss TAG: TEXT`, the first two optional.

use ochre_applet::clock;

use crate::priority;

/// A message's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// facility × 8 + level
    pub priority: usize,
    /// `Mmm dd hh:mm:ss`
    pub stamp: String,
    /// The rest, all of it printable.
    pub text: String,
}

impl Message {
    /// The messages of a datagram: each ends with a NUL or the end. With `own_time`, they have the
    /// present time, whatever the sender says.
    pub fn read_all(bytes: &[u8], own_time: bool) -> Vec<Self> {
        let parts = bytes.split(|byte| *byte == 0);
        let lines = parts.map(|part| part.strip_suffix(b"\n").unwrap_or(part));
        lines.filter(|line| !line.is_empty()).map(|line| Self::read(line, own_time)).collect()
    }

    fn read(line: &[u8], own_time: bool) -> Self {
        let (priority, rest) = priority_of(line);
        let sent = is_stamp(rest).then(|| String::from_utf8_lossy(&rest[..15]).into_owned());
        let text = if sent.is_some() { &rest[16..] } else { rest };
        let stamp = sent.filter(|_| !own_time);
        let stamp = stamp.unwrap_or_else(|| clock::local(clock::now()).log_stamp());
        Self { priority, stamp, text: printable(text) }
    }
}

/// The number in `<…>`, and what is behind it.
fn priority_of(line: &[u8]) -> (usize, &[u8]) {
    let number = line.strip_prefix(b"<").and_then(|rest| {
        let end = rest.iter().take(4).position(|byte| *byte == b'>')?;
        let number: usize = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
        (number >> 3 < priority::FACILITY_COUNT).then_some((number, &rest[end + 1..]))
    });
    number.unwrap_or((priority::DEFAULT, line))
}

fn is_stamp(text: &[u8]) -> bool {
    text.len() >= 16
        && [(3, b' '), (6, b' '), (9, b':'), (12, b':'), (15, b' ')]
            .iter()
            .all(|(place, sign)| text[*place] == *sign)
}

/// A line without signs that would do something to a terminal: `^A` for the first of them.
fn printable(text: &[u8]) -> String {
    let mut shown = String::new();
    for sign in String::from_utf8_lossy(text).chars() {
        match sign {
            '\n' | '\t' => shown.push(' '),
            '\0'..' ' => shown.extend(['^', char::from(sign as u8 + b'@')]),
            '\x7f' => shown.push_str("^?"),
            _ => shown.push(sign),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_has_messages() {
        let found = Message::read_all(b"<30>Jan  2 03:04:05 x: a\tb\x1b\n\0\0<999>y\0z", false);
        assert_eq!(found.len(), 3);
        let first =
            Message { priority: 30, stamp: "Jan  2 03:04:05".into(), text: "x: a b^[".into() };
        assert_eq!(found[0], first);
        assert_eq!((found[1].priority, &*found[1].text), (priority::DEFAULT, "<999>y"));
        assert_eq!(found[2].stamp.len(), 15);
        let now = Message::read_all(b"Jan  2 03:04:05 x", true);
        assert!(now[0].text == "x" && now[0].stamp.len() == 15);
    }
}
