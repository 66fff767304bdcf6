// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values: numbers, texts, and input, which is a number where it looks like one.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

use indexmap::IndexMap;

/// Bytes that are shared.
pub type Text = Rc<[u8]>;
/// An array; shared with the functions that it is given to.
pub type Array = Rc<RefCell<IndexMap<Text, Value>>>;

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    Unset,
    Num(f64),
    Str(Text),
    /// Read from outside.
    Input(Text),
}

impl Value {
    pub fn str(text: &[u8]) -> Self {
        Value::Str(text.into())
    }

    pub fn num(&self) -> f64 {
        match self {
            Value::Unset => 0.0,
            Value::Num(number) => *number,
            Value::Str(text) | Value::Input(text) => prefix_number(text).0,
        }
    }

    /// As text, numbers that are not whole in the format of CONVFMT or OFMT.
    pub fn text(&self, format: &[u8]) -> Text {
        match self {
            Value::Unset => Rc::from(&[][..]),
            Value::Str(text) | Value::Input(text) => Rc::clone(text),
            Value::Num(number) => number_text(*number, format).into(),
        }
    }

    pub fn is_true(&self) -> bool {
        match self {
            Value::Unset => false,
            Value::Num(number) => *number != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::Input(text) => match whole_number(text) {
                Some(number) => number != 0.0,
                None => !text.is_empty(),
            },
        }
    }

    fn as_number(&self) -> Option<f64> {
        match self {
            Value::Unset => Some(0.0),
            Value::Num(number) => Some(*number),
            Value::Str(_) => None,
            Value::Input(text) => whole_number(text),
        }
    }

    /// Compares as numbers when both are or look like some, else as texts; nothing for NaN.
    pub fn compare(&self, other: &Value, format: &[u8]) -> Option<Ordering> {
        if let (Some(left), Some(right)) = (self.as_number(), other.as_number()) {
            return left.partial_cmp(&right);
        }
        Some(self.text(format).cmp(&other.text(format)))
    }
}

/// A number as text: whole ones without a point, others as the format says.
pub fn number_text(number: f64, format: &[u8]) -> Vec<u8> {
    if number == number.trunc() && number.abs() < 9.2e18 {
        return (number as i64).to_string().into_bytes();
    }
    crate::format::format(format, &[Value::Num(number)], format, false)
}

/// The number that a text begins with, and how far it reaches.
pub fn prefix_number(text: &[u8]) -> (f64, usize) {
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let mut at = blanks;
    if matches!(text.get(at), Some(b'+' | b'-')) {
        at += 1;
    }
    let first = at;
    let digits = |at: &mut usize| {
        let start = *at;
        while text.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        *at - start
    };
    let whole = digits(&mut at);
    if whole > 0 && whole < 16 && !matches!(text.get(at), Some(b'.' | b'e' | b'E')) {
        let value =
            text[first..at].iter().fold(0i64, |sum, byte| sum * 10 + i64::from(byte - b'0'));
        let value = value as f64;
        return (if text[blanks] == b'-' { -value } else { value }, at);
    }
    let mut fraction = 0;
    if text.get(at) == Some(&b'.') {
        at += 1;
        fraction = digits(&mut at);
    }
    if whole + fraction == 0 {
        return (0.0, 0);
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let mut end = at + 1;
        if matches!(text.get(end), Some(b'+' | b'-')) {
            end += 1;
        }
        if digits(&mut end) > 0 {
            at = end;
        }
    }
    let number = std::str::from_utf8(&text[blanks..at]).ok().and_then(|text| text.parse().ok());
    (number.unwrap_or(0.0), at)
}

/// The number that a whole text is, blanks around it aside.
fn whole_number(text: &[u8]) -> Option<f64> {
    // Most texts are no numbers, and their first byte says so.
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if !first.is_ascii_digit() && !b"+-.".contains(first) {
        return None;
    }
    let (number, len) = prefix_number(text);
    (len > 0 && text[len..].iter().all(u8::is_ascii_whitespace)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_begin_with_numbers() {
        for (text, number, len) in [
            ("12", 12.0, 2),
            (" -3.5x", -3.5, 5),
            ("1e3", 1000.0, 3),
            ("1e", 1.0, 1),
            (".", 0.0, 0),
            ("+.5", 0.5, 3),
        ] {
            assert_eq!(prefix_number(text.as_bytes()), (number, len), "{text}");
        }
    }

    #[test]
    fn input_that_looks_like_a_number_is_one() {
        let input = |text: &str| Value::Input(text.as_bytes().into());
        assert_eq!(input(" 10 ").compare(&Value::Num(9.0), b"%.6g"), Some(Ordering::Greater));
        assert_eq!(input("10x").compare(&input("9"), b"%.6g"), Some(Ordering::Less));
        assert!(!input("0").is_true() && input("0x").is_true());
        assert!(Value::str(b"0").is_true());
    }

    #[test]
    fn numbers_become_texts() {
        assert_eq!(number_text(1e6, b"%.6g"), b"1000000");
        assert_eq!(number_text(0.1, b"%.6g"), b"0.1");
        assert_eq!(number_text(1e300, b"%.6g"), b"1e+300");
    }
}
