// SPDX-License-Identifier: MIT OR Apache-2.0
//! `strftime` and `mktime`.

use crate::clock;

/// Formats a moment.
pub fn strftime(format: &[u8], secs: i64, utc: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < format.len() {
        if format[at] != b'%' || at + 1 == format.len() {
            out.push(format[at]);
            at += 1;
            continue;
        }
        match part(format[at + 1], secs, utc) {
            Some(text) => out.extend(text.into_bytes()),
            None => out.extend(&format[at..at + 2]),
        }
        at += 2;
    }
    out
}

fn part(letter: u8, secs: i64, utc: bool) -> Option<String> {
    let now = if utc { clock::utc(secs) } else { clock::local(secs) };
    let hour = (now.hour + 11) % 12 + 1;
    let half = if now.hour < 12 { "AM" } else { "PM" };
    let offset = now.offset_secs / 60;
    let several = |format: &str| String::from_utf8(strftime(format.as_bytes(), secs, utc)).ok();
    Some(match letter {
        b'Y' => now.year.to_string(),
        b'C' => format!("{:02}", now.year / 100),
        b'y' => format!("{:02}", now.year.rem_euclid(100)),
        b'm' => format!("{:02}", now.month + 1),
        b'd' => format!("{:02}", now.day),
        b'e' => format!("{:2}", now.day),
        b'H' => format!("{:02}", now.hour),
        b'I' => format!("{hour:02}"),
        b'k' => format!("{:2}", now.hour),
        b'l' => format!("{hour:2}"),
        b'M' => format!("{:02}", now.minute),
        b'S' => format!("{:02}", now.second),
        b'p' => half.to_owned(),
        b'j' => format!("{:03}", now.year_day + 1),
        b'a' => clock::DAYS[now.weekday].to_owned(),
        b'A' => clock::LONG_DAYS[now.weekday].to_owned(),
        b'b' | b'h' => clock::MONTHS[now.month].to_owned(),
        b'B' => clock::LONG_MONTHS[now.month].to_owned(),
        b'w' => now.weekday.to_string(),
        b'u' => if now.weekday == 0 { 7 } else { now.weekday }.to_string(),
        b's' => secs.to_string(),
        b'z' => format!(
            "{}{:02}{:02}",
            if offset < 0 { '-' } else { '+' },
            offset.abs() / 60,
            offset.abs() % 60
        ),
        b'Z' if utc || offset == 0 => if utc { "GMT" } else { "UTC" }.to_owned(),
        b'Z' => part(b'z', secs, utc)?,
        b'D' | b'x' => several("%m/%d/%y")?,
        b'F' => several("%Y-%m-%d")?,
        b'R' => several("%H:%M")?,
        b'T' | b'X' => several("%H:%M:%S")?,
        b'r' => several("%I:%M:%S %p")?,
        b'c' => several("%a %b %e %H:%M:%S %Y")?,
        b'n' => "\n".to_owned(),
        b't' => "\t".to_owned(),
        b'%' => "%".to_owned(),
        _ => return None,
    })
}

/// The seconds of `YYYY MM DD HH MM SS`, local time.
pub fn mktime(text: &str) -> Option<i64> {
    let parts: Vec<i64> = text.split_whitespace().map_while(|part| part.parse().ok()).collect();
    let [year, month, day, hour, minute, second, ..] = parts[..] else { return None };
    clock::from_local([year, month, day, hour, minute, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_back() {
        let secs = mktime("2000 02 29 12 34 56").unwrap();
        assert_eq!(strftime(b"%F %T", secs, false), b"2000-02-29 12:34:56");
        assert_eq!(strftime(b"%c %j%q", 951_782_400, true), b"Tue Feb 29 00:00:00 2000 060%q");
        assert_eq!(strftime(b"%A %B %k%l %I", 951_782_400, true), b"Tuesday February  012 12");
        assert_eq!(mktime("soon"), None);
    }
}
