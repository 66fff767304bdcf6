// SPDX-License-Identifier: MIT OR Apache-2.0
//! `printf`: as in C, with values of awk's.

use crate::value::Value;

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// No field is wider: a width may come from input.
const WIDEST: usize = 1 << 20;

/// Formats values; `convfmt` is for numbers as texts.
pub fn format(format: &[u8], values: &[Value], convfmt: &[u8], utf8: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut values = values.iter();
    let mut at = 0;
    while at < format.len() {
        let byte = format[at];
        at += 1;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let start = at - 1;
        let mut spec = Spec::default();
        while let Some(flag) = format.get(at) {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                b'0' => spec.zero = true,
                b'\'' => {}
                _ => break,
            }
            at += 1;
        }
        let mut number = |at: &mut usize| {
            if format.get(*at) == Some(&b'*') {
                *at += 1;
                return Some(values.next().map_or(0.0, Value::num) as i64);
            }
            let mut value = None;
            while let Some(digit @ b'0'..=b'9') = format.get(*at) {
                value =
                    Some((value.unwrap_or(0i64) * 10 + i64::from(digit - b'0')).min(WIDEST as i64));
                *at += 1;
            }
            value
        };
        let width = number(&mut at).unwrap_or(0);
        spec.left |= width < 0;
        spec.width = (width.unsigned_abs() as usize).min(WIDEST);
        if format.get(at) == Some(&b'.') {
            at += 1;
            spec.precision =
                usize::try_from(number(&mut at).unwrap_or(0)).ok().map(|n| n.min(WIDEST));
        }
        while matches!(format.get(at), Some(b'h' | b'l' | b'L' | b'q' | b'j' | b'z' | b't')) {
            at += 1;
        }
        let Some(letter) = format.get(at) else {
            out.extend(&format[start..]);
            break;
        };
        at += 1;
        match letter {
            b'%' => out.push(b'%'),
            b's' => {
                let text = values.next().unwrap_or(&Value::Unset).text(convfmt);
                let text = match spec.precision {
                    Some(most) => &text[..prefix_len(&text, most, utf8)],
                    None => &text[..],
                };
                pad(&mut out, &spec, text, characters(text, utf8));
            }
            b'c' => {
                let text = character(values.next().unwrap_or(&Value::Unset), utf8);
                pad(&mut out, &spec, &text, usize::from(!text.is_empty()));
            }
            b'd' | b'i' | b'o' | b'x' | b'X' | b'u' => {
                let number = values.next().map_or(0.0, Value::num);
                integer(&mut out, &spec, *letter, number);
            }
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
                let number = values.next().map_or(0.0, Value::num);
                float(&mut out, &spec, *letter, number);
            }
            _ => out.extend(&format[start..at]),
        }
    }
    out
}

fn character(value: &Value, utf8: bool) -> Vec<u8> {
    match value {
        Value::Str(text) | Value::Input(text) if !is_number(value) => {
            let len = if text.is_empty() { 0 } else { ochre_regex::character_len(text, utf8) };
            text[..len].to_vec()
        }
        _ => {
            let code = value.num() as i64 as u32;
            match char::from_u32(code).filter(|_| utf8 && code >= 0x80) {
                Some(letter) => letter.to_string().into_bytes(),
                None => vec![code as u8],
            }
        }
    }
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Input(text) if {
        let (_, len) = crate::value::prefix_number(text);
        len > 0 && text[len..].iter().all(u8::is_ascii_whitespace)
    })
}

/// How many characters there are.
pub fn characters(text: &[u8], utf8: bool) -> usize {
    if !utf8 || text.is_ascii() {
        return text.len();
    }
    let mut count = 0;
    let mut rest = text;
    while !rest.is_empty() {
        rest = &rest[ochre_regex::character_len(rest, utf8)..];
        count += 1;
    }
    count
}

/// How many bytes the first characters have.
pub fn prefix_len(text: &[u8], count: usize, utf8: bool) -> usize {
    if !utf8 || text.is_ascii() {
        return text.len().min(count);
    }
    let mut at = 0;
    for _ in 0..count {
        if at == text.len() {
            break;
        }
        at += ochre_regex::character_len(&text[at..], utf8);
    }
    at
}

fn pad(out: &mut Vec<u8>, spec: &Spec, text: &[u8], shown: usize) {
    let fill = spec.width.saturating_sub(shown);
    if !spec.left {
        out.resize(out.len() + fill, b' ');
    }
    out.extend(text);
    if spec.left {
        out.resize(out.len() + fill, b' ');
    }
}

/// Sign and digits, with zeroes between them if those are asked for.
fn pad_number(out: &mut Vec<u8>, spec: &Spec, sign: &str, digits: &str, zero: bool) {
    let fill = spec.width.saturating_sub(sign.len() + digits.len());
    let zeroes = zero && spec.zero && !spec.left;
    if !spec.left && !zeroes {
        out.resize(out.len() + fill, b' ');
    }
    out.extend(sign.as_bytes());
    if zeroes {
        out.resize(out.len() + fill, b'0');
    }
    out.extend(digits.as_bytes());
    if spec.left {
        out.resize(out.len() + fill, b' ');
    }
}

fn sign_of(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

fn integer(out: &mut Vec<u8>, spec: &Spec, letter: u8, number: f64) {
    if !number.is_finite() {
        return float(out, spec, b'f', number);
    }
    let number = number.trunc();
    let fits = number.abs() < 9.2e18;
    let signed = matches!(letter, b'd' | b'i') || !fits;
    let bits = if number < 0.0 { number as i64 as u64 } else { number as u64 };
    let mut digits = match letter {
        _ if signed => format!("{:.0}", number.abs()),
        b'o' => format!("{bits:o}"),
        b'x' => format!("{bits:x}"),
        b'X' => format!("{bits:X}"),
        _ => bits.to_string(),
    };
    if let Some(least) = spec.precision {
        if least == 0 && number == 0.0 {
            digits.clear();
        }
        let missing = least.saturating_sub(digits.len());
        digits.insert_str(0, &"0".repeat(missing));
    }
    let sign = match letter {
        _ if signed => sign_of(spec, number < 0.0),
        b'x' if spec.alternate && bits != 0 => "0x",
        b'X' if spec.alternate && bits != 0 => "0X",
        b'o' if spec.alternate && !digits.starts_with('0') => "0",
        _ => "",
    };
    pad_number(out, spec, sign, &digits, spec.precision.is_none());
}

fn float(out: &mut Vec<u8>, spec: &Spec, letter: u8, number: f64) {
    let sign = sign_of(spec, number.is_sign_negative());
    let size = number.abs();
    let upper = letter.is_ascii_uppercase();
    if !number.is_finite() {
        let word = if number.is_nan() { "nan" } else { "inf" };
        let word = if upper { word.to_uppercase() } else { word.to_owned() };
        return pad_number(out, spec, sign, &word, false);
    }
    let precision = spec.precision.unwrap_or(6);
    let digits = match letter.to_ascii_lowercase() {
        b'e' => exponential(size, precision),
        b'g' | b'a' => general(size, precision.max(1), spec.alternate),
        _ => format!("{size:.precision$}"),
    };
    let digits = if upper { digits.to_uppercase() } else { digits };
    pad_number(out, spec, sign, &digits, true);
}

/// C's `%e`: at least two digits of exponent.
fn exponential(size: f64, precision: usize) -> String {
    let text = format!("{size:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

fn general(size: f64, precision: usize, keep_zeroes: bool) -> String {
    let text = format!("{size:.*e}", precision - 1);
    let exponent: i64 =
        text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let digits = i64::try_from(precision).unwrap_or(i64::MAX);
    let trim = |text: String| {
        if keep_zeroes || !text.contains('.') {
            return text;
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if exponent < -4 || exponent >= digits {
        let text = exponential(size, precision - 1);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{exponent}", trim(digits.to_owned()));
    }
    let places = usize::try_from(digits - 1 - exponent).unwrap_or(0);
    trim(format!("{size:.places$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What printf(3) gives.
    #[test]
    fn numbers_are_formatted_as_in_c() {
        for (spec, number, wanted) in [
            ("%d", 3.99, "3"),
            ("%05d|", -42.0, "-0042|"),
            ("%-5d|", 42.0, "42   |"),
            ("%+d", 5.0, "+5"),
            ("%x %c", 255.0, "ff "),
            ("%#o", 8.0, "010"),
            ("%.3f", 2.0005, "2.001"),
            ("%e", 12345.678, "1.234568e+04"),
            ("%g", 0.0001, "0.0001"),
            ("%g", 0.00001234, "1.234e-05"),
            ("%g", 1e6, "1e+06"),
            ("%G", 1e-10, "1E-10"),
            ("%.10g", 1.0 / 3.0, "0.3333333333"),
            ("%08.2f", -3.24159, "-0003.24"),
            ("%i%%", 7.0, "7%"),
        ] {
            let text = format(spec.as_bytes(), &[Value::Num(number)], b"%.6g", false);
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text.trim_end_matches('\0'), wanted, "{spec}");
        }
    }

    #[test]
    fn texts_have_widths_and_characters() {
        let show = |spec: &str, text: &str, utf8| {
            String::from_utf8(format(
                spec.as_bytes(),
                &[Value::str(text.as_bytes())],
                b"%.6g",
                utf8,
            ))
            .unwrap()
        };
        assert_eq!(show("[%5s]", "ab", false), "[   ab]");
        assert_eq!(show("[%-5.1s]", "ab", false), "[a    ]");
        assert_eq!(show("[%3.1s]", "äb", true), "[  ä]");
        assert_eq!(show("%c", "äb", true), "ä");
        assert_eq!(show("%z", "a", true), "%z");
    }
}
