// SPDX-License-Identifier: MIT OR Apache-2.0
//! Local time, as the C library tells it: it knows the time zone of `TZ` and of /etc/localtime.

#![expect(unsafe_code, reason = "the C library's calls; each use says why it is sound")]

/// The names of the months, as messages of Unix tools have them.
pub const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The names of the days, Sunday first.
pub const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/// The names of the months as a whole.
pub const LONG_MONTHS: [&str; 12] = [
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
/// The names of the days as a whole, Sunday first.
pub const LONG_DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A point in time, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The year of our era.
    pub year: i32,
    /// 0 is January.
    pub month: usize,
    /// Day of the month, from 1.
    pub day: u8,
    /// 0 is Sunday.
    pub weekday: usize,
    /// Day of the year, from 0.
    pub year_day: u16,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
    /// Seconds east of UTC.
    pub offset_secs: i64,
}

impl Broken {
    /// `Jan  2 15:04:05`: how logs begin their lines.
    pub fn log_stamp(&self) -> String {
        format!(
            "{} {:2} {:02}:{:02}:{:02}",
            MONTHS[self.month], self.day, self.hour, self.minute, self.second
        )
    }

    /// `Mon Jan  2 15:04:05 2006`: ctime(3), without the line's end.
    pub fn ctime(&self) -> String {
        format!("{} {} {}", DAYS[self.weekday], self.log_stamp(), self.year)
    }
}

/// Local time of `secs` seconds after 1970.
pub fn local(secs: i64) -> Broken {
    broken(secs, false)
}

/// UTC of `secs` seconds after 1970.
pub fn utc(secs: i64) -> Broken {
    broken(secs, true)
}

fn broken(secs: i64, utc: bool) -> Broken {
    let time = secs as libc::time_t;
    // SAFETY: all zeroes is a valid tm.
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both live across the call. A time out of range leaves the zeroes, which is a day.
    unsafe {
        if utc {
            libc::gmtime_r(&raw const time, &raw mut tm);
        } else {
            libc::localtime_r(&raw const time, &raw mut tm);
        }
    }
    Broken {
        year: tm.tm_year + 1900,
        month: (tm.tm_mon as usize).min(11),
        day: tm.tm_mday as u8,
        weekday: (tm.tm_wday as usize).min(6),
        year_day: tm.tm_yday as u16,
        hour: tm.tm_hour as u8,
        minute: tm.tm_min as u8,
        second: tm.tm_sec as u8,
        offset_secs: tm.tm_gmtoff as i64,
    }
}

/// Seconds after 1970 of a local date and time: `[year, month, day, hour, minute, second]`, where month 1 is
/// January. A part beyond its range counts on, as in mktime(3).
///
/// `None` for numbers that no clock shows.
pub fn from_local(date: [i64; 6]) -> Option<i64> {
    if date.iter().any(|part| part.unsigned_abs() > 1 << 40) {
        return None;
    }
    let [year, month, day, hour, minute, second] = date;
    // Years begin in March, so that the leap day is their last.
    let months = year * 12 + month - 3;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (month * 153 + 2) / 5
        + day
        - 719_469;
    let utc = days * 86400 + hour * 3600 + minute * 60 + second;
    // The offset is that of a moment at most a day away, asked for again where it is.
    Some(utc - local(utc - local(utc).offset_secs).offset_secs)
}

/// Seconds after 1970, now.
pub fn now() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_second_is_taken_apart() {
        // date -u -d @951782400: the leap day that is in no century year but this kind.
        let day = utc(951_782_400);
        assert_eq!(day.ctime(), "Tue Feb 29 00:00:00 2000");
        assert_eq!(day.year_day, 59);
    }

    #[test]
    fn dates_are_seconds() {
        let secs = from_local([2000, 2, 29, 12, 34, 56]).unwrap();
        assert_eq!(local(secs).ctime(), "Tue Feb 29 12:34:56 2000");
        // A month and a day too many, as date -d '2001-01-31 + 1 day' goes on.
        assert_eq!(from_local([2000, 13, 32, 0, 0, 0]), from_local([2001, 2, 1, 0, 0, 0]));
        assert_eq!(from_local([2001, 0, 1, 0, 0, 0]), from_local([2000, 12, 1, 0, 0, 0]));
        assert_eq!(from_local([i64::MAX, 1, 1, 0, 0, 0]), None);
    }
}
