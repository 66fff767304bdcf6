// SPDX-License-Identifier: MIT OR Apache-2.0
//! The columns of `ps`: their names, heads, widths, values and order.

use ochre_applet::clock;

use crate::table::{Process, System};

/// One kind of column.
pub struct Field {
    /// What `-o` calls it; the first is its own name, the others are understood.
    pub names: &'static [&'static str],
    /// Its head.
    pub head: &'static str,
    /// Least width; 0 is the width of the largest process number.
    width: usize,
    /// On which side its values stand.
    right: bool,
    /// Longer values are cut; procps marks that with a `+` for users.
    user: bool,
    value: fn(&Process, &System) -> String,
    /// What it is sorted by; nothing: by its text.
    key: Option<fn(&Process, &System) -> i64>,
}

impl Field {
    /// The column's least width.
    pub fn width(&self) -> usize {
        if self.width == 0 { pid_width() } else { self.width }
    }

    /// Do values stand on the right?
    pub fn right(&self) -> bool {
        self.right
    }

    /// What stands in the column.
    pub fn value(&self, process: &Process, system: &System) -> String {
        let text = (self.value)(process, system);
        if self.user && text.chars().count() > self.width {
            let kept: String = text.chars().take(self.width - 1).collect();
            return kept + "+";
        }
        text
    }

    /// Compares two processes by it.
    pub fn compare(&self, a: &Process, b: &Process, system: &System) -> std::cmp::Ordering {
        match self.key {
            Some(key) => key(a, system).cmp(&key(b, system)),
            None => (self.value)(a, system).cmp(&(self.value)(b, system)),
        }
    }
}

/// The field with this name.
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.names.contains(&name))
}

/// Digits of the largest process number that the kernel gives out.
fn pid_width() -> usize {
    static WIDTH: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *WIDTH.get_or_init(|| {
        let limit = std::fs::read_to_string("/proc/sys/kernel/pid_max").unwrap_or_default();
        let limit: u64 = limit.trim().parse().unwrap_or(32768);
        (limit - 1).to_string().len().max(5)
    })
}

/// `[DD-]HH:MM:SS` of used processor time.
pub fn cpu_time(secs: u64) -> String {
    let (days, hours) = (secs / 86400, secs / 3600 % 24);
    let clock = format!("{hours:02}:{:02}:{:02}", secs / 60 % 60, secs % 60);
    if days > 0 { format!("{days}-{clock}") } else { clock }
}

/// `[[DD-]HH:]MM:SS` since the start.
pub fn elapsed(secs: u64) -> String {
    if secs < 3600 { format!("{:02}:{:02}", secs / 60, secs % 60) } else { cpu_time(secs) }
}

/// Share of the processor's time since a process was started, in tenths of a percent.
pub fn cpu_permille(process: &Process, system: &System) -> u64 {
    let age = system.uptime - process.stat.starttime as f64 / system.hertz as f64;
    if age <= 0.0 {
        return 0;
    }
    (process.ticks() as f64 / system.hertz as f64 / age * 1000.0) as u64
}

fn percent(permille: u64) -> String {
    if permille > 999 {
        return (permille / 10).to_string();
    }
    format!("{}.{}", permille / 10, permille % 10)
}

fn memory_permille(process: &Process, system: &System) -> u64 {
    (process.resident_kib() * 1000).checked_div(system.memory_kib).unwrap_or(0)
}

fn short_start(process: &Process, system: &System) -> String {
    let started = system.started(process);
    let (then, now) = (clock::local(started), clock::local(clock::now()));
    if then.year != now.year {
        then.year.to_string()
    } else if then.year_day != now.year_day {
        format!("{}{:02}", clock::MONTHS[then.month], then.day)
    } else {
        format!("{:02}:{:02}", then.hour, then.minute)
    }
}

const NUMBER: Field =
    Field { names: &[], head: "", width: 5, right: true, user: false, value: no_value, key: None };
const TEXT: Field = Field { right: false, width: 8, ..NUMBER };

fn no_value(_: &Process, _: &System) -> String {
    "-".to_owned()
}

/// A field that is a number.
macro_rules! number {
    ($names:expr, $head:expr, $width:expr, |$process:ident, $system:ident| $value:expr) => {
        Field {
            names: &$names,
            head: $head,
            width: $width,
            value: |$process, $system| {
                let _ = $system;
                ($value).to_string()
            },
            key: Some(|$process, $system| {
                let _ = $system;
                ($value) as i64
            }),
            ..NUMBER
        }
    };
}

const FIELDS: &[Field] = &[
    number!(["pid", "tgid"], "PID", 0, |p, _s| p.tgid),
    number!(["ppid"], "PPID", 0, |p, _s| p.stat.ppid),
    number!(["pgid", "pgrp"], "PGID", 0, |p, _s| p.stat.pgrp),
    number!(["sid", "sess", "session"], "SID", 0, |p, _s| p.stat.session),
    number!(["lwp", "tid", "spid"], "LWP", 0, |p, _s| p.pid()),
    number!(["nlwp", "thcount"], "NLWP", 4, |p, _s| p.stat.num_threads),
    number!(["tpgid"], "TPGID", 0, |p, _s| p.stat.tpgid),
    number!(["uid", "euid"], "UID", 5, |p, _s| p.euid),
    number!(["ruid"], "RUID", 5, |p, _s| p.ruid),
    number!(["gid", "egid"], "GID", 5, |p, _s| p.egid),
    number!(["rgid"], "RGID", 5, |p, _s| p.rgid),
    number!(["pri"], "PRI", 3, |p, _s| 39 - p.stat.priority),
    number!(["priority"], "PRI", 3, |p, _s| p.stat.priority),
    number!(["opri"], "PRI", 3, |p, _s| p.stat.priority + 60),
    number!(["vsz", "vsize"], "VSZ", 6, |p, _s| p.stat.vsize / 1024),
    number!(["rss", "rssize", "rsz"], "RSS", 5, |p, _s| p.resident_kib()),
    number!(["sz"], "SZ", 5, |p, _s| p.stat.vsize / procfs::page_size()),
    number!(["maj_flt", "majflt"], "MAJFLT", 6, |p, _s| p.stat.majflt),
    number!(["min_flt", "minflt"], "MINFLT", 6, |p, _s| p.stat.minflt),
    number!(["etimes"], "ELAPSED", 7, |p, s| s.age(p)),
    number!(["cp", "c"], "C", 2, |p, s| cpu_permille(p, s) / 10),
    number!(["psr", "cpuid"], "PSR", 3, |p, _s| p.stat.processor.unwrap_or(0)),
    Field {
        names: &["nice", "ni"],
        head: "NI",
        width: 3,
        value: |p, _| match p.stat.policy {
            // Real-time policies know no nice value.
            Some(1 | 2) => "-".to_owned(),
            _ => p.stat.nice.to_string(),
        },
        key: Some(|p, _| p.stat.nice),
        ..NUMBER
    },
    Field {
        names: &["f", "flag", "flags"],
        head: "F",
        width: 1,
        // The two flags that ps(1) shows: forked without exec, and superuser's rights used.
        value: |p, _| format!("{:o}", (p.stat.flags >> 6) & 0x7),
        key: Some(|p, _| i64::from((p.stat.flags >> 6) & 0x7)),
        ..NUMBER
    },
    Field {
        names: &["pcpu", "%cpu"],
        head: "%CPU",
        width: 4,
        value: |p, s| percent(cpu_permille(p, s)),
        key: Some(|p, s| cpu_permille(p, s) as i64),
        ..NUMBER
    },
    Field {
        names: &["pmem", "%mem"],
        head: "%MEM",
        width: 4,
        value: |p, s| percent(memory_permille(p, s).min(999)),
        key: Some(|p, s| memory_permille(p, s) as i64),
        ..NUMBER
    },
    Field {
        names: &["time", "cputime"],
        head: "TIME",
        width: 8,
        value: |p, s| cpu_time(p.ticks() / s.hertz),
        key: Some(|p, _| p.ticks() as i64),
        ..NUMBER
    },
    Field {
        names: &["bsdtime"],
        head: "TIME",
        width: 6,
        value: |p, s| {
            let secs = p.ticks() / s.hertz;
            format!("{}:{:02}", secs / 60, secs % 60)
        },
        key: Some(|p, _| p.ticks() as i64),
        ..NUMBER
    },
    Field {
        names: &["etime"],
        head: "ELAPSED",
        width: 11,
        value: |p, s| elapsed(s.age(p)),
        key: Some(|p, s| s.age(p) as i64),
        ..NUMBER
    },
    Field {
        names: &["stime", "bsdstart"],
        head: "STIME",
        width: 5,
        value: short_start,
        key: Some(|p, _| p.stat.starttime as i64),
        ..NUMBER
    },
    Field {
        names: &["start_time"],
        head: "START",
        width: 5,
        value: short_start,
        key: Some(|p, _| p.stat.starttime as i64),
        ..NUMBER
    },
    Field {
        names: &["start"],
        head: "STARTED",
        width: 8,
        value: |p, s| {
            let started = s.started(p);
            let then = clock::local(started);
            if clock::now() - started < 86400 {
                format!("{:02}:{:02}:{:02}", then.hour, then.minute, then.second)
            } else {
                format!("{} {:02}", clock::MONTHS[then.month], then.day)
            }
        },
        key: Some(|p, _| p.stat.starttime as i64),
        ..NUMBER
    },
    Field {
        names: &["lstart"],
        head: "STARTED",
        width: 24,
        value: |p, s| clock::local(s.started(p)).ctime(),
        key: Some(|p, _| p.stat.starttime as i64),
        ..NUMBER
    },
    Field {
        names: &["user", "euser", "uname"],
        head: "USER",
        user: true,
        value: |p, s| s.user(p.euid),
        ..TEXT
    },
    Field { names: &["ruser"], head: "RUSER", user: true, value: |p, s| s.user(p.ruid), ..TEXT },
    Field {
        names: &["group", "egroup"],
        head: "GROUP",
        user: true,
        value: |p, s| s.group(p.egid),
        ..TEXT
    },
    Field { names: &["rgroup"], head: "RGROUP", user: true, value: |p, s| s.group(p.rgid), ..TEXT },
    Field {
        names: &["tty", "tt", "tname"],
        head: "TTY",
        value: |p, s| s.terminal(p.stat.tty_nr),
        ..TEXT
    },
    Field { names: &["stat"], head: "STAT", width: 4, value: |p, _| p.state(), ..TEXT },
    Field {
        names: &["s", "state"],
        head: "S",
        width: 1,
        value: |p, _| p.stat.state.to_string(),
        ..TEXT
    },
    Field {
        names: &["comm", "ucmd", "ucomm"],
        head: "COMMAND",
        width: 15,
        value: |p, _| {
            let dead = if p.stat.state == 'Z' { " <defunct>" } else { "" };
            format!("{}{dead}", p.stat.comm)
        },
        ..TEXT
    },
    Field {
        names: &["args", "cmd", "command"],
        head: "COMMAND",
        width: 27,
        value: |p, _| p.command_line(),
        ..TEXT
    },
    Field {
        names: &["wchan"],
        head: "WCHAN",
        width: 6,
        value: |p, _| {
            let path = format!("/proc/{}/wchan", p.pid());
            let text = std::fs::read_to_string(path).unwrap_or_default();
            if text.is_empty() || text == "0" {
                "-".to_owned()
            } else {
                text.chars().take(6).collect()
            }
        },
        ..TEXT
    },
    Field { names: &["addr"], head: "ADDR", width: 4, ..TEXT },
    Field {
        names: &["class", "cls", "policy"],
        head: "CLS",
        width: 3,
        value: |p, _| {
            let names = ["TS", "FF", "RR", "B", "ISO", "IDL", "DLN"];
            let policy = p.stat.policy.unwrap_or(0) as usize;
            names.get(policy).copied().unwrap_or("?").to_owned()
        },
        ..TEXT
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_posix_says() {
        assert_eq!(cpu_time(3661), "01:01:01");
        assert_eq!(cpu_time(90061), "1-01:01:01");
        assert_eq!(elapsed(61), "01:01");
        assert_eq!(elapsed(3600), "01:00:00");
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut seen = std::collections::HashSet::new();
        for name in FIELDS.iter().flat_map(|field| field.names) {
            assert!(seen.insert(name), "{name}");
        }
    }
}
