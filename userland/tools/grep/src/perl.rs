// SPDX-License-Identifier: MIT OR Apache-2.0
//! Perl's syntax as pcre2syntax(3) has it, put into that of the crate fancy-regex where the two differ:
//! quoted texts, classes of blanks, digits, and what a class may have in it, calls of groups.
//!
//! Knows nothing of what patterns mean else: what is wrong with one, fancy-regex says.

use std::iter::Peekable;
use std::str::Chars;

/// `\h`, where characters are Unicode's.
const BLANKS: &str = r"\t\x20\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}";
/// `\v`, there.
const ENDS: &str = r"\n\x0B\f\r\x{85}\x{2028}\x{2029}";

/// What `\` and a letter mean for Perl and not for the crate: the inner part of a class, and whether all else is
/// meant.
fn class(letter: char, utf8: bool) -> Option<(&'static str, bool)> {
    let inner = match (letter.to_ascii_lowercase(), utf8) {
        ('h', true) => BLANKS,
        ('h', false) => r"\t\x20",
        ('v', true) => ENDS,
        ('v', false) => r"\n\x0B\f\r",
        // Of all digits these only, also in texts of UTF-8: so GNU grep since 3.11.
        ('d', _) => "0-9",
        _ => return None,
    };
    Some((inner, letter.is_ascii_uppercase()))
}

/// The pattern for fancy-regex.
pub fn translated(pattern: &str, utf8: bool) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    let mut quoted = false;
    let mut within = false;
    while let Some(next) = rest.next() {
        if quoted {
            quoted = !(next == '\\' && rest.next_if_eq(&'E').is_some());
            if quoted {
                literal(next, &mut out);
            }
            continue;
        }
        match next {
            '\\' => match rest.next() {
                Some('Q') => quoted = true,
                Some('E') => {}
                Some(letter) => match class(letter, utf8) {
                    Some((inner, false)) if within => out.push_str(inner),
                    Some((inner, not)) => {
                        out.push_str(if not { "[^" } else { "[" });
                        out.push_str(inner);
                        out.push(']');
                    }
                    None => out.extend(['\\', letter]),
                },
                None => out.push('\\'),
            },
            '[' if within => {
                // A class's name goes through, `[` alone stands for itself.
                match name(&rest) {
                    Some(name) => {
                        out.push('[');
                        out.push_str(&name);
                        rest.nth(name.chars().count() - 1);
                    }
                    None => out.push_str("\\["),
                }
            }
            // Two of them would be an operation on classes.
            '&' | '~' if within => literal(next, &mut out),
            ']' if within => {
                within = false;
                out.push(']');
            }
            '[' => {
                within = true;
                out.push('[');
                if rest.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                if rest.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            '(' => match call(&rest) {
                Some((group, len)) => {
                    out.push_str(&format!("\\g<{group}>"));
                    rest.nth(len - 1);
                }
                None => out.push('('),
            },
            _ => out.push(next),
        }
    }
    out
}

fn literal(character: char, out: &mut String) {
    if character.is_ascii_punctuation() || character == ' ' {
        out.push('\\');
    }
    out.push(character);
}

/// `:NAME:]` behind a bracket in a class.
fn name(rest: &Peekable<Chars<'_>>) -> Option<String> {
    let text: String = rest.clone().take(12).collect();
    let inner = text.strip_prefix(':')?;
    let (name, _) = inner.split_once(":]")?;
    let name_only = name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '^');
    name_only.then(|| format!(":{name}:]"))
}

/// `?R)`, `?1)`, `?+1)`, `?&NAME)`, `?P>NAME)` behind a parenthesis: what is called, and the length.
fn call(rest: &Peekable<Chars<'_>>) -> Option<(String, usize)> {
    let mut ahead = rest.clone();
    ahead.next_if_eq(&'?')?;
    let text: String = ahead.take_while(|character| *character != ')').collect();
    // The question mark and the end.
    let len = text.chars().count() + 2;
    let number = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if text == "R" {
        Some(("0".into(), len))
    } else if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        Some((text, len))
    } else {
        let name = text.strip_prefix('&').or_else(|| text.strip_prefix("P>"))?;
        Some((name.to_owned(), len))
    }
}

#[cfg(test)]
mod tests {
    use super::translated;

    #[test]
    fn what_differs_is_put_into_the_crates_words() {
        for (perl, crates) in [
            (r"a\Qb.c\Ed.", r"ab\.cd."),
            (r"\Qa\", r"a\\"),
            (r"\d\D[\d.]", "[0-9][^0-9][0-9.]"),
            ("[[a][]&&b][^]x]", r"[\[a][\]\&\&b][^\]x]"),
            ("[[:alpha:]_]", "[[:alpha:]_]"),
            (r"\[a\][\]b]", r"\[a\][\]b]"),
            (r"(a)(?1)(?R)?(?&n)(?P>n)(?-1)", r"(a)\g<1>\g<0>?\g<n>\g<n>\g<-1>"),
            ("(?:a)(?=b)(?<n>c)(?i)", "(?:a)(?=b)(?<n>c)(?i)"),
            (r"\\Q\w", r"\\Q\w"),
        ] {
            assert_eq!(translated(perl, true), crates, "{perl}");
        }
    }
}
