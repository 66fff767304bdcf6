// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cal`: the calendar of a month or a year.
//!
//! As cal(1) has it, the calendar is the Julian one up to the 2nd of September 1752, the day after which was
//! the 14th.

use anyhow::Result;
use chrono::{Datelike, Local};
use ochre_applet::{Args, Failure, parse};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Rows of a month's days.
const WEEKS: usize = 6;
/// When the calendar changed: the days from the 3rd to the 13th were left out.
const REFORM_YEAR: u32 = 1752;
const REFORM_MONTH: u32 = 9;

/// Shows a calendar.
#[derive(clap::Parser)]
#[command(name = "cal", disable_version_flag = true)]
struct Options {
    /// Number the days from the first of January
    #[arg(short)]
    julian: bool,
    /// Weeks begin with Monday
    #[arg(short)]
    monday: bool,
    /// The whole year
    #[arg(short)]
    year: bool,
    /// [MONTH] YEAR, or this month
    #[arg(value_name = "MONTH YEAR", num_args = 0..=2)]
    words: Vec<String>,
}

/// The applet.
pub fn cal(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let now = Local::now();
    let number = |word: &String, least: u32, most: u32, what: &str| match word.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(Failure::new(1, format!("{what} {word} is not in {least}..{most}"))),
    };
    let this_year = u32::try_from(now.year())?;
    let (month, year) = match options.words.as_slice() {
        [] if options.year => (None, this_year),
        [] => (Some(now.month()), this_year),
        [year] => (None, number(year, 1, 9999, "year")?),
        [month, year, ..] => (Some(number(month, 1, 12, "month")?), number(year, 1, 9999, "year")?),
    };
    let style = Style { ordinal: options.julian, monday: options.monday };
    let text = match month {
        Some(month) if !options.year => {
            let title = format!("{} {year}", MONTHS[month as usize - 1]);
            let mut lines = vec![style.centred(&title)];
            lines.extend(style.weeks(year, month));
            lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
        }
        _ => style.whole_year(year),
    };
    print!("{text}");
    Ok(0)
}

struct Style {
    ordinal: bool,
    monday: bool,
}

impl Style {
    /// Columns of a day, with the blank before it.
    fn cell(&self) -> usize {
        if self.ordinal { 4 } else { 3 }
    }

    fn width(&self) -> usize {
        7 * self.cell() - 1
    }

    fn centred(&self, title: &str) -> String {
        let before = self.width().saturating_sub(title.len()) / 2;
        format!("{:width$}", format!("{:before$}{title}", ""), width = self.width())
    }

    /// The names of the days and six weeks, all of the same width.
    fn weeks(&self, year: u32, month: u32) -> Vec<String> {
        let mut names = vec!["Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"];
        names.rotate_left(usize::from(self.monday));
        let cell = self.cell();
        let row = |cells: Vec<String>| {
            let text: String = cells.iter().map(|text| format!("{text:>cell$}")).collect();
            format!("{:width$}", &text[1..], width = self.width())
        };
        let mut lines = vec![row(names.into_iter().map(str::to_owned).collect())];
        let first = (weekday(year, month, 1) + 7 - u32::from(self.monday)) % 7;
        let mut cells = vec![String::new(); first as usize];
        for day in days(year, month) {
            let shown = if self.ordinal { ordinal(year, month, day) } else { day };
            cells.push(shown.to_string());
        }
        cells.resize(WEEKS * 7, String::new());
        lines.extend(cells.chunks(7).map(|week| row(week.to_vec())));
        lines
    }

    fn whole_year(&self, year: u32) -> String {
        let across = if self.ordinal { 2 } else { 3 };
        let whole = across * self.width() + (across - 1) * 2;
        let title = year.to_string();
        let mut text = format!("{:before$}{title}\n", "", before = (whole - title.len()) / 2);
        let months: Vec<u32> = (1..=12).collect();
        for group in months.chunks(across) {
            let blocks: Vec<Vec<String>> = group
                .iter()
                .map(|month| {
                    let mut lines = vec![self.centred(MONTHS[*month as usize - 1])];
                    lines.extend(self.weeks(year, *month));
                    lines
                })
                .collect();
            text.push('\n');
            for line in 0..WEEKS + 2 {
                let parts: Vec<&str> = blocks.iter().map(|block| block[line].as_str()).collect();
                text += parts.join("  ").trim_end();
                text.push('\n');
            }
        }
        text
    }
}

fn is_julian(year: u32, month: u32, day: u32) -> bool {
    (year, month, day) < (REFORM_YEAR, REFORM_MONTH, 3)
}

fn days(year: u32, month: u32) -> Vec<u32> {
    let leap = year.is_multiple_of(4)
        && (!year.is_multiple_of(100) || year.is_multiple_of(400) || year < REFORM_YEAR);
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let left_out =
        |day: &u32| (year, month) == (REFORM_YEAR, REFORM_MONTH) && (3..14).contains(day);
    (1..=last).filter(|day| !left_out(day)).collect()
}

/// Days since the year began.
fn ordinal(year: u32, month: u32, day: u32) -> u32 {
    let before: usize = (1..month).map(|month| days(year, month).len()).sum();
    let in_month = days(year, month).iter().filter(|other| **other <= day).count();
    (before + in_month) as u32
}

/// 0 is Sunday. Zeller's congruence, with the century's correction that the calendar of the day has.
fn weekday(year: u32, month: u32, day: u32) -> u32 {
    // January and February belong to the year before. In 2800 years both calendars come around, and so
    // many more keep numbers from going below 0.
    let (y, m) = if month < 3 { (year + 2799, month + 12) } else { (year + 2800, month) };
    let centuries = if is_julian(year, month, day) { 5 } else { 7 * 1000 - y / 100 + y / 400 };
    let saturday_first = (day + 13 * (m + 1) / 5 + y + y / 4 + centuries) % 7;
    (saturday_first + 6) % 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_those_of_chrono() {
        for year in [1753, 1800, 1900, 1999, 2000, 2024, 2026, 2100] {
            for month in 1..=12 {
                let date = chrono::NaiveDate::from_ymd_opt(year, month, 1).unwrap();
                let year = year.unsigned_abs();
                assert_eq!(weekday(year, month, 1), date.weekday().num_days_from_sunday());
                let last = *days(year, month).last().unwrap();
                assert_eq!(u32::from(date.num_days_in_month()), last);
            }
        }
    }

    #[test]
    fn eleven_days_were_left_out() {
        // Wednesday the 2nd, then Thursday the 14th; the 1st of January 1752 was a Wednesday.
        assert_eq!(days(1752, 9)[..3], [1, 2, 14]);
        assert_eq!(weekday(1752, 9, 2), 3);
        assert_eq!(weekday(1752, 9, 14), 4);
        assert_eq!(weekday(1752, 1, 1), 3);
        assert_eq!(ordinal(1752, 12, 31), 355);
        assert_eq!(ordinal(2000, 12, 31), 366);
    }

    #[test]
    fn a_month_looks_as_it_always_does() {
        let style = Style { ordinal: false, monday: false };
        let weeks = style.weeks(2000, 1);
        assert_eq!(style.centred("January 2000").trim_end(), "    January 2000");
        assert_eq!(weeks[0], "Su Mo Tu We Th Fr Sa");
        assert_eq!(weeks[1], "                   1");
        assert_eq!(weeks[6].trim_end(), "30 31");
        let monday = Style { ordinal: true, monday: true };
        assert_eq!(monday.weeks(2000, 2)[1].trim_start().trim_end(), "32  33  34  35  36  37");
    }
}
