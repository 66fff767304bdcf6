// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values of find's tests: numbers, modes, patterns.

use ochre_applet::clock;

use crate::tree::{Count, Moment, Stamp};

/// The time that a letter of `-newerXY` stands for.
pub fn stamp(letter: u8) -> Option<Stamp> {
    match letter {
        b'a' => Some(Stamp::Access),
        b'c' => Some(Stamp::Change),
        b'm' => Some(Stamp::Modification),
        _ => None,
    }
}

/// A number with the sign that says how it is compared.
pub fn count(text: &str) -> Option<Count> {
    let digits = text.trim_start_matches(['+', '-']);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().ok()?;
    Some(match text.as_bytes()[0] {
        b'+' => Count::More(number),
        b'-' => Count::Less(number),
        _ => Count::Equal(number),
    })
}

/// The bits of a mode, octal or as chmod has them, from none.
pub fn mode_bits(text: &str) -> Option<u32> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return u32::from_str_radix(text, 8).ok().filter(|bits| *bits <= 0o7777);
    }
    let mut bits = 0;
    for clause in text.split(',') {
        let start = clause.find(['+', '-', '='])?;
        let (who, rest) = clause.split_at(start);
        let mut mask = 0;
        for letter in who.chars() {
            mask |= match letter {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        let mask = if who.is_empty() { 0o7777 } else { mask };
        let mut chosen = 0;
        for letter in rest[1..].chars() {
            chosen |= match letter {
                'r' => 0o444,
                'w' => 0o222,
                'x' | 'X' => 0o111,
                's' => 0o6000,
                't' => 0o1000,
                _ => return None,
            } & mask;
        }
        match rest.as_bytes()[0] {
            b'+' => bits |= chosen,
            b'-' => bits &= !chosen,
            _ => bits = bits & !mask | chosen,
        }
    }
    Some(bits)
}

/// Emacs' syntax as a basic one: there `+` and `?` are operators without a backslash.
pub fn from_emacs(text: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'[' => {
                let inner = at + 1 + usize::from(text.get(at + 1) == Some(&b'^'));
                let close = text.iter().skip(inner + 1).position(|byte| *byte == b']');
                let end = close.map_or(text.len(), |close| inner + 2 + close);
                result.extend(&text[at..end]);
                at = end;
                continue;
            }
            b'\\' if matches!(text.get(at + 1), Some(b'+' | b'?')) => {
                result.push(text[at + 1]);
                at += 1;
            }
            b'\\' if at + 1 < text.len() => {
                result.extend(&text[at..at + 2]);
                at += 1;
            }
            byte @ (b'+' | b'?') => result.extend([b'\\', byte]),
            byte => result.push(byte),
        }
        at += 1;
    }
    result
}

/// A moment as text: `@SECONDS`, or a local date with or without a time.
pub fn moment(text: &str) -> Option<Moment> {
    if let Some(secs) = text.strip_prefix('@') {
        return Some((secs.parse().ok()?, 0));
    }
    let (date, time) = text.trim().split_once([' ', 'T']).unwrap_or((text.trim(), "00:00"));
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let mut parts = time.splitn(3, ':').map(str::parse::<i64>);
    let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let second = parts.next().unwrap_or(Ok(0)).ok()?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some((clock::from_local([year, month, day, hour, minute, second])?, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_or_chmods() {
        assert_eq!(mode_bits("755"), Some(0o755));
        assert_eq!(mode_bits("u=rwx,go+rx"), Some(0o755));
        assert_eq!(mode_bits("a-x,u+s"), Some(0o4000));
        assert_eq!(mode_bits("8"), None);
    }

    #[test]
    fn dates_are_moments() {
        assert_eq!(moment("@12"), Some((12, 0)));
        let (secs, _) = moment("2000-02-29 12:34").unwrap();
        assert_eq!(clock::local(secs).ctime(), "Tue Feb 29 12:34:00 2000");
        assert_eq!(moment("soon"), None);
    }

    #[test]
    fn emacs_has_plus_without_backslash() {
        assert_eq!(from_emacs(br"a+[+?]b\+\("), br"a\+[+?]b+\(");
    }
}
