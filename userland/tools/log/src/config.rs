// SPDX-License-Identifier: MIT OR Apache-2.0
//! /etc/syslog.conf: `SELECTOR ACTION` lines, as syslog.conf(5) has them.
//!
//! A selector is `FACILITY[,FACILITY…].LEVEL`, more of them behind `;`. `*` is all, `none` is nothing, `=LEVEL`
//! that level alone, `!LEVEL` none from it upwards. An action is a file or `@HOST[:PORT]`.

use anyhow::{Context as _, Result, bail};

use crate::priority::{self, FACILITY_COUNT};

/// Which levels of each facility are meant: bit 0 is for the most urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selector([u8; FACILITY_COUNT]);

impl Selector {
    /// Whether a message of this priority is meant.
    pub fn takes(&self, priority: usize) -> bool {
        self.0.get(priority >> 3).is_some_and(|levels| levels & 1 << (priority & 7) != 0)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut selected = [0; FACILITY_COUNT];
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (facilities, level) = part.split_once('.').context("no FACILITY.LEVEL")?;
            let (is_not, level) = strip(level, '!');
            let (alone, level) = strip(level, '=');
            let mask = match level {
                "*" => 0xff,
                "none" => 0,
                name => match priority::level(name) {
                    Some(number) if alone => 1 << number,
                    Some(number) => (0xff_u16 >> (7 - number)) as u8,
                    None => bail!("unknown priority name: {name}"),
                },
            };
            for facility in facilities.split(',') {
                let range = if facility == "*" {
                    0..FACILITY_COUNT
                } else {
                    let number = priority::facility(facility);
                    let number =
                        number.with_context(|| format!("unknown facility name: {facility}"))?;
                    number..number + 1
                };
                for levels in &mut selected[range] {
                    *levels = match (level, is_not) {
                        ("none", _) => 0,
                        (_, true) => *levels & !mask,
                        _ => *levels | mask,
                    };
                }
            }
        }
        Ok(Self(selected))
    }
}

fn strip(text: &str, sign: char) -> (bool, &str) {
    text.strip_prefix(sign).map_or((false, text), |rest| (true, rest))
}

/// A line: what goes where.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// What.
    pub selector: Selector,
    /// Where: a file's path, or `@HOST`.
    pub action: String,
}

/// Reads a configuration.
///
/// # Errors
/// When a line cannot be understood: its number, and why.
pub fn parse(text: &str) -> Result<Vec<Rule>> {
    let mut rules = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let rule = || {
            let (selector, action) =
                line.split_once(char::is_whitespace).context("no SELECTOR and ACTION")?;
            // The dash says not to write it out to the disk each time: nothing does.
            let action = action.trim().trim_start_matches('-').to_owned();
            if !action.starts_with(['/', '@']) {
                bail!("{action}: neither a file's path nor @HOST");
            }
            Ok(Rule { selector: Selector::parse(selector)?, action })
        };
        rules.push(rule().with_context(|| format!("line {}", index + 1))?);
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        (0..32).filter(|number| selector.takes(*number)).map(priority::name).collect()
    }

    #[test]
    fn selectors_are_those_of_the_manual() {
        assert_eq!(taken("mail.crit"), ["mail.emerg", "mail.alert", "mail.crit"]);
        assert_eq!(taken("mail.=info"), ["mail.info"]);
        assert_eq!(taken("kern,mail.emerg"), ["kern.emerg", "mail.emerg"]);
        assert_eq!(taken("*.emerg;mail.none;user.none").len(), 2);
        assert_eq!(taken("kern.info;kern.!err"), ["kern.warning", "kern.notice", "kern.info"]);
        assert_eq!(taken("kern.*;kern.!=debug").len(), 7);
    }

    #[test]
    fn lines_that_are_none_have_a_number() {
        let rules = parse("# x\n*.* -/var/log/all\nkern.* @log:99\n").expect("two rules");
        assert_eq!((&*rules[0].action, &*rules[1].action), ("/var/log/all", "@log:99"));
        for wrong in ["\nx.* /a", "\nkern.loud /a", "\nkern.*", "\nkern.* |x"] {
            let error = parse(wrong).expect_err(wrong);
            assert!(error.to_string().starts_with("line 2"), "{error:#}");
        }
    }
}
