// SPDX-License-Identifier: MIT OR Apache-2.0
//! When a command is due: the five fields of crontab(5), or one of its words.

use anyhow::{Context as _, Result, bail};
use ochre_applet::clock::{Broken, DAYS, MONTHS};

/// What the words stand for.
const WORDS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Points in time that repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Once, when crond starts.
    Reboot,
    /// In each minute that fits.
    Minutes(Fields),
}

/// Bit n of a field: n fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    minute: u64,
    hour: u64,
    day: u64,
    month: u64,
    weekday: u64,
    /// Whether either of the fields for days is `*`: then both must fit, otherwise one.
    both_days: bool,
}

impl Schedule {
    /// Takes the schedule from a line's start; gives the rest of it, too.
    ///
    /// # Errors
    /// When it is none.
    pub fn take(line: &str) -> Result<(Self, &str)> {
        if line.starts_with('@') {
            let (word, rest) = word(line);
            if word == "@reboot" {
                return Ok((Self::Reboot, rest));
            }
            let known = WORDS.iter().find(|(name, _)| *name == word);
            let (_, fields) = known.with_context(|| format!("unknown word: {word}"))?;
            return Ok((Self::take(fields)?.0, rest));
        }
        let (minute, rest) = word(line);
        let (hour, rest) = word(rest);
        let (day, rest) = word(rest);
        let (month, rest) = word(rest);
        let (weekday, rest) = word(rest);
        if weekday.is_empty() {
            bail!("not five fields: minute, hour, day, month, day of the week");
        }
        let mut weekdays = field(weekday, 0, 7, &DAYS)?;
        // 7 is Sunday, too.
        weekdays |= weekdays >> 7;
        let fields = Fields {
            minute: field(minute, 0, 59, &[])?,
            hour: field(hour, 0, 23, &[])?,
            day: field(day, 1, 31, &[])?,
            month: field(month, 1, 12, &MONTHS)?,
            weekday: weekdays,
            both_days: day.starts_with('*') || weekday.starts_with('*'),
        };
        Ok((Self::Minutes(fields), rest))
    }

    /// Whether it is due in this minute.
    pub fn fits(&self, time: &Broken) -> bool {
        let Self::Minutes(fields) = self else { return false };
        let has = |field: u64, number: usize| field & 1 << number != 0;
        let day = has(fields.day, usize::from(time.day));
        let weekday = has(fields.weekday, time.weekday);
        let is_day = if fields.both_days { day && weekday } else { day || weekday };
        is_day
            && has(fields.minute, usize::from(time.minute))
            && has(fields.hour, usize::from(time.hour))
            && has(fields.month, time.month + 1)
    }
}

/// The first word, and what is behind the blanks after it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// `*`, `N`, `N-M`, each with `/STEP`, and lists of them. Names count from `first`.
fn field(text: &str, first: u32, last: u32, names: &[&str]) -> Result<u64> {
    let number = |text: &str| -> Result<u32> {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = named.map(|at| at as u32 + first);
        let number = named.map_or_else(|| text.parse().ok(), Some);
        match number {
            Some(number) if (first..=last).contains(&number) => Ok(number),
            _ => bail!("{text}: not in {first}-{last}"),
        }
    };
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(r, s)| (r, Some(s)));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (first, last),
            Some((from, to)) => (number(from)?, number(to)?),
            // A step without an end goes on to the last.
            None if step.is_some() => (number(range)?, last),
            None => (number(range)?, number(range)?),
        };
        let step = step.map_or(Ok(1), str::parse::<usize>).ok().filter(|step| *step > 0);
        let step = step.with_context(|| format!("{part}: no step"))?;
        if from > to {
            bail!("{part}: ends before it begins");
        }
        for number in (from..=to).step_by(step) {
            bits |= 1 << number;
        }
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ochre_applet::clock;

    /// How often a schedule is due in 2023, a year that began on a Sunday.
    fn times(line: &str) -> usize {
        let (schedule, rest) = Schedule::take(line).expect("a schedule");
        assert_eq!(rest, "x y");
        let start = 1_672_531_200;
        let minutes = (0..365 * 24 * 60).map(|minute| clock::utc(start + minute * 60));
        minutes.filter(|time| schedule.fits(time)).count()
    }

    #[test]
    fn a_year_has_so_many_of_them() {
        assert_eq!(times("* * * * * x y"), 365 * 24 * 60);
        assert_eq!(times("0 0 * * *  x y"), 365);
        assert_eq!(times("@hourly x y"), 365 * 24);
        assert_eq!(times("*/15 8-17 * * 1-5 x y"), 4 * 10 * 260);
        assert_eq!(times("0 0 29 feb * x y"), 0);
        assert_eq!(times("5,10\t0 1 jan-MAR/2 * x y"), 4);
        // Each Sunday, 53 of them, and the first of each month, of which two are Sundays.
        assert_eq!(times("0 0 1 * 7 x y"), 53 + 12 - 2);
        // With a *, both must fit: the Fridays among the days from 1 to 7.
        assert_eq!(times("0 0 */40 * 5 x y"), 2);
        assert_eq!(times("@reboot x y"), 0);
    }

    #[test]
    fn what_is_no_schedule_is_told() {
        for line in ["60 * * * * x", "* * 0 * * x", "* * * * mo x", "a", "*/0 * * * * x", "@now x"]
        {
            assert!(Schedule::take(line).is_err(), "{line}");
        }
        assert!(Schedule::take("5-1 * * * * x").is_err());
    }
}
