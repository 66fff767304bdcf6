// SPDX-License-Identifier: MIT OR Apache-2.0
//! The report as one HTML page that needs nothing else: counts, charts, and each difference side by side.

use crate::report::{Compared, Report};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;\
color:#222;background:#fff}table{border-collapse:collapse;margin:1em 0}td,th{padding:.15em .7em;border-bottom:\
1px solid #ddd;text-align:left;vertical-align:top}td.n{text-align:right}details{margin:.3em 0}summary{cursor:\
pointer}.side{width:100%;table-layout:fixed;font:12px/1.4 monospace}.side td{white-space:pre-wrap;\
overflow-wrap:anywhere;width:50%}.del{background:#fde2e2}.ins{background:#dff3e1}.verdict{color:#666}svg text{\
font:12px system-ui,sans-serif}";
/// Widths in a chart, in pixels.
const LABEL: u32 = 190;
const BAR: f64 = 520.0;

/// A line of two texts side by side; the first is what BusyBox does or its tests expect.
type Row<'a> = (Option<&'a str>, Option<&'a str>);

/// The page. Writing to a `String` cannot fail.
pub fn page(report: &Report) -> String {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Ochre beside BusyBox</title>\n\
         <style>{STYLE}</style>\n<h1>Our programs beside BusyBox</h1>\n<p>Made on {}. A case counts if BusyBox \
         passes it in a machine with the same kernel.</p>\n<table>",
        report.date
    );
    for (name, version) in &report.versions {
        let _ = writeln!(text, "<tr><td>{}<td>{}", escaped(name), escaped(version));
    }
    text += "</table>\n<h2>Counts</h2>\n";
    counts(&mut text, report.suites());
    text += "<table><tr><th>verdict on a difference<th>cases\n";
    for (verdict, count) in report.verdicts() {
        let _ = writeln!(text, "<tr><td>{}<td class=n>{count}", verdict.name());
    }
    text += "</table>\n";
    let kib = |[ours, theirs]: [u64; 2]| [ours / 1024, theirs / 1024];
    let sizes = report.figures.sizes.iter().map(|(name, pair)| (name.as_str(), kib(*pair)));
    chart(&mut text, "Size, KiB", sizes.collect());
    let commands = &report.figures.commands;
    let times = commands.iter().map(|figure| (figure.name.as_str(), figure.elapsed_us));
    chart(&mut text, "Time from start to end, µs, the shortest of ten", times.collect());
    let memory = commands.iter().map(|figure| (figure.name.as_str(), figure.resident_kib));
    chart(&mut text, "Most resident memory, KiB", memory.collect());
    text += "<h2>By program</h2>\n";
    counts(&mut text, report.groups());
    text += "<h2>Differences</h2>\n";
    for case in report.differences() {
        difference(&mut text, case);
    }
    text += "</html>\n";
    text
}

fn counts(text: &mut String, counts: std::collections::BTreeMap<String, crate::report::Count>) {
    *text += "<table><tr><th>tests<th>BusyBox passes<th>ours pass<th>program missing\n";
    for (name, count) in counts {
        let _ = writeln!(
            text,
            "<tr><td>{}<td class=n>{}<td class=n>{}<td class=n>{}",
            escaped(&name),
            count.of,
            count.pass,
            count.missing
        );
    }
    *text += "</table>\n";
}

/// Two bars for each name. A chart of nothing but zeros says nothing and is left out.
fn chart(text: &mut String, title: &str, bars: Vec<(&str, [u64; 2])>) {
    let most = bars.iter().flat_map(|(_, pair)| pair).copied().max().unwrap_or_default();
    if most == 0 {
        return;
    }
    let height = bars.len() * 40;
    let _ = writeln!(
        text,
        "<h2>{}</h2>\n<svg width=\"820\" height=\"{height}\" role=\"img\" aria-label=\"{}\">",
        escaped(title),
        escaped(title)
    );
    for (index, (name, pair)) in bars.iter().enumerate() {
        let top = index * 40;
        let _ = writeln!(text, "<text x=\"0\" y=\"{}\">{}</text>", top + 20, escaped(name));
        for (side, (value, colour)) in pair.iter().zip(["#b5651d", "#7a8794"]).enumerate() {
            let width = (*value as f64 / most as f64 * BAR).max(1.0);
            let y = top + 2 + side * 17;
            let who = ["ours", "BusyBox"][side];
            let _ = writeln!(
                text,
                "<rect x=\"{LABEL}\" y=\"{y}\" width=\"{width:.0}\" height=\"15\" fill=\"{colour}\"/>\
                 <text x=\"{:.0}\" y=\"{}\">{value} {who}</text>",
                f64::from(LABEL) + width + 5.0,
                y + 12
            );
        }
    }
    *text += "</svg>\n";
}

fn difference(text: &mut String, case: &Compared) {
    let verdict = case.verdict.map_or("", |verdict| verdict.name());
    let _ = writeln!(
        text,
        "<details><summary>{} <span class=verdict>{}, {verdict}</span></summary><p>{}</p>",
        escaped(&case.id),
        case.ours.name(),
        escaped(&case.reason)
    );
    *text += "<table class=side><tr><th>expected<th>ours\n";
    for (left, right) in rows(case) {
        let class = |class| if left == right { "" } else { class };
        let _ = writeln!(
            text,
            "<tr><td class=\"{}\">{}<td class=\"{}\">{}",
            class("del"),
            escaped(left.unwrap_or_default()),
            class("ins"),
            escaped(right.unwrap_or_default())
        );
    }
    *text += "</table></details>\n";
}

/// The lines side by side: of both texts, or of the difference that a runner of theirs has made.
fn rows(case: &Compared) -> Vec<Row<'_>> {
    if case.id.starts_with("own/") {
        let diff = TextDiff::from_lines(&case.theirs_text, &case.ours_text);
        let side =
            |change: similar::Change<&'_ str>| change.value_ref().trim_end_matches('\n').len();
        let (mut left, mut right) = (case.theirs_text.as_str(), case.ours_text.as_str());
        let mut rows = Vec::new();
        for change in diff.iter_all_changes() {
            let length = side(change);
            match change.tag() {
                ChangeTag::Equal => rows.push((take(&mut left, length), take(&mut right, length))),
                ChangeTag::Delete => rows.push((take(&mut left, length), None)),
                ChangeTag::Insert => rows.push((None, take(&mut right, length))),
            }
        }
        return rows;
    }
    // The shell's runner puts what came first, the other what is expected.
    let came_first = case.id.starts_with("hush/");
    let row = |line| match line {
        line if str::starts_with(line, if came_first { "+" } else { "-" }) => (Some(line), None),
        line if line.starts_with(['+', '-']) => (None, Some(line)),
        line => (Some(line), Some(line)),
    };
    case.ours_text.lines().map(row).collect()
}

/// A line of so many bytes from the front of a text.
fn take<'a>(text: &mut &'a str, length: usize) -> Option<&'a str> {
    let (line, rest) = text.split_at(length);
    *text = rest.strip_prefix('\n').unwrap_or(rest);
    Some(line)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::State;

    fn case(id: &str, theirs: &str, ours: &str) -> Compared {
        Compared {
            id: id.into(),
            ours: State::Fail,
            theirs: State::Pass,
            host: None,
            words_differ: false,
            verdict: None,
            reason: String::new(),
            ours_text: ours.into(),
            theirs_text: theirs.into(),
        }
    }

    #[test]
    fn lines_stand_side_by_side() {
        let own = case("own/x: y", "a\nb\nc\n", "a\nB\nc\n");
        let same = |text| (Some(text), Some(text));
        assert_eq!(rows(&own), [same("a"), (Some("b"), None), (None, Some("B")), same("c")]);
        let suite = case("testsuite/x: y", "", "-b\n+B\n");
        assert_eq!(rows(&suite), [(Some("-b"), None), (None, Some("+B"))]);
        let hush = case("hush/x: y", "", "-b\n+B\n");
        assert_eq!(rows(&hush), [(None, Some("-b")), (Some("+B"), None)]);
    }

    #[test]
    fn what_programs_put_out_is_text_in_the_page() {
        let mut text = String::new();
        difference(&mut text, &case("own/x: <y>", "<script>\n", "&\n"));
        assert!(!text.contains("<script>") && text.contains("&lt;script&gt;"), "{text}");
        assert!(text.contains("own/x: &lt;y&gt;"), "{text}");
    }
}
