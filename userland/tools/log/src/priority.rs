// SPDX-License-Identifier: MIT OR Apache-2.0
//! Facilities and levels of messages: syslog(3)'s numbers and syslog.conf(5)'s names.

const FACILITIES: [&str; 12] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp",
];
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
/// How many facilities there are; the last eight are local ones.
pub const FACILITY_COUNT: usize = 24;
/// The facility of programs that have none of their own, in a priority's number.
pub const USER: usize = 1 << 3;
/// What has no priority of its own: user.notice.
pub const DEFAULT: usize = USER | 5;
/// kern.info
pub const KERNEL_INFO: usize = 6;

/// The number of a facility.
pub fn facility(name: &str) -> Option<usize> {
    match name.strip_prefix("local").and_then(|number| number.parse().ok()) {
        Some(number @ 0..=7_usize) => Some(16 + number),
        _ if name == "security" => Some(4),
        _ => FACILITIES.iter().position(|known| *known == name),
    }
}

/// The number of a level; 0 is the most urgent.
pub fn level(name: &str) -> Option<usize> {
    let name = match name {
        "panic" => "emerg",
        "error" => "err",
        "warn" => "warning",
        name => name,
    };
    LEVELS.iter().position(|known| *known == name)
}

/// `facility.level` of a priority's number.
pub fn name(priority: usize) -> String {
    let facility = priority >> 3;
    let level = LEVELS[priority & 7];
    match facility {
        16..FACILITY_COUNT => format!("local{}.{level}", facility - 16),
        _ => match FACILITIES.get(facility) {
            Some(facility) => format!("{facility}.{level}"),
            None => format!("<{priority}>"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names() {
        assert_eq!(name(0), "kern.emerg");
        assert_eq!(name(DEFAULT), "user.notice");
        assert_eq!(name(191), "local7.debug");
        assert_eq!(facility("local7"), Some(23));
        assert_eq!((facility("cron"), level("panic")), (Some(9), Some(0)));
    }
}
