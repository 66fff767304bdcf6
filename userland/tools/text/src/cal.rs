// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cal`: a calendar. Great Britain's: eleven days of September 1752 were left out.

use std::io::Write;

use anyhow::{Result, bail};
use ochre_applet::{Args, clock, parse};

/// Prints a calendar of this month, of a year, or of a month.
#[derive(clap::Parser)]
#[command(name = "cal", disable_version_flag = true)]
struct Options {
    /// Days are counted from the year's begin
    #[arg(short = 'j')]
    julian: bool,
    /// Weeks begin with Monday
    #[arg(short = 'm')]
    monday: bool,
    /// The whole year
    #[arg(short = 'y')]
    year: bool,
    /// [MONTH] YEAR
    #[arg(num_args = 0..=2, value_name = "[MONTH] YEAR")]
    when: Vec<i32>,
}

/// The applet.
pub fn cal(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let now = clock::local(clock::now());
    let (month, year) = match options.when[..] {
        [] => (Some(now.month as i32 + 1), now.year),
        [year] => (None, year),
        [month, year, ..] => (Some(month), year),
    };
    if !(1..=9999).contains(&year) {
        bail!("year {year} is not in 1..9999");
    }
    if let Some(month) = month.filter(|month| !(1..=12).contains(month)) {
        bail!("month {month} is not in 1..12");
    }
    let width = if options.julian { 27 } else { 20 };
    let mut out = String::new();
    match month.filter(|_| !options.year) {
        Some(month) => {
            let title = format!("{} {year}", clock::LONG_MONTHS[month as usize - 1]);
            let mut lines = vec![centred(&title, width), header(&options)];
            lines.extend(weeks(month, year, &options));
            lines.iter().for_each(|line| out += &format!("{}\n", line.trim_end()));
        }
        None => whole_year(year, width, &options, &mut out),
    }
    std::io::stdout().write_all(out.as_bytes())?;
    Ok(0)
}

fn whole_year(year: i32, width: usize, options: &Options, out: &mut String) {
    let (columns, gap) = if options.julian { (2, "  ") } else { (3, "  ") };
    let all = columns * width + (columns - 1) * gap.len();
    *out += &format!("{}\n\n", centred(&year.to_string(), all).trim_end());
    for first in (1..=12).step_by(columns) {
        let months: Vec<i32> = (first..first + columns as i32).collect();
        let row = |cells: Vec<String>| {
            let cells = cells.iter().map(|cell| format!("{cell:width$}"));
            format!("{}\n", cells.collect::<Vec<_>>().join(gap).trim_end())
        };
        *out += &row(months
            .iter()
            .map(|month| centred(clock::LONG_MONTHS[*month as usize - 1], width))
            .collect());
        *out += &row(months.iter().map(|_| header(options)).collect());
        let weeks: Vec<_> = months.iter().map(|month| weeks(*month, year, options)).collect();
        for week in 0..6 {
            *out += &row(weeks.iter().map(|weeks| weeks[week].clone()).collect());
        }
    }
}

fn centred(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.len()) / 2))
}

fn header(options: &Options) -> String {
    let mut days = ["Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"];
    if options.monday {
        days.rotate_left(1);
    }
    let width = if options.julian { 3 } else { 2 };
    days.map(|day| format!("{day:>width$}")).join(" ")
}

/// Is it in the old calendar, where each fourth year is a leap year?
fn is_old(year: i32, month: i32, day: i32) -> bool {
    (year, month, day) < (1752, 9, 14)
}

fn days_of(month: i32, year: i32) -> i32 {
    let fourth = year % 4 == 0;
    let leap = if year <= 1752 { fourth } else { fourth && (year % 100 != 0 || year % 400 == 0) };
    match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 0 is Sunday. Years begin in March, so that the leap day is their last.
fn weekday(year: i32, month: i32, day: i32) -> i32 {
    let (y, m) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * y + y / 4 + (153 * m + 2) / 5 + day;
    // The first of March of year 0 was a Monday in the old calendar, a Wednesday in the new.
    let shift = if is_old(year, month, day) { 0 } else { y / 400 - y / 100 + 2 };
    (days + shift).rem_euclid(7)
}

/// Six lines, of which the last may be empty.
fn weeks(month: i32, year: i32, options: &Options) -> Vec<String> {
    let width = if options.julian { 3 } else { 2 };
    let before: i32 = (1..month).map(|month| days_of(month, year)).sum();
    let mut weeks = vec![String::new(); 6];
    let mut week = 0;
    for day in 1..=days_of(month, year) {
        if (year, month) == (1752, 9) && (3..14).contains(&day) {
            continue;
        }
        let column = (weekday(year, month, day) - i32::from(options.monday)).rem_euclid(7) as usize;
        let number = if options.julian { before + day } else { day };
        let place = column * (width + 1);
        let line = &mut weeks[week];
        *line += &" ".repeat(place.saturating_sub(line.len()));
        *line += &format!("{number:>width$}");
        if column == 6 {
            week += 1;
        }
    }
    weeks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_week() {
        assert_eq!(weekday(2000, 2, 29), 2);
        assert_eq!(weekday(1970, 1, 1), 4);
        assert_eq!(weekday(1752, 9, 2), 3);
        assert_eq!(weekday(1752, 9, 14), 4);
        assert_eq!(weekday(2026, 11, 26), 4);
    }
}
