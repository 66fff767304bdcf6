// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers read and printed, in any base.

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{Signed as _, ToPrimitive as _, Zero as _};

use crate::decimal::{Decimal, ten};

/// What a digit is worth: of letters, only upper-case ones are digits.
pub fn digit(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        _ => None,
    }
}

/// Reads digits and a point. A digit too large for the base counts as the largest, unless it stands alone.
pub fn read(text: &str, base: u32) -> Decimal {
    let alone = text.len() == 1;
    let worth = |byte: u8| {
        let value = digit(byte).unwrap_or(0);
        if alone { value } else { value.min(base - 1) }
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    let value = if base == 10 {
        let digits: Vec<u8> = all().map(|byte| b'0' + worth(byte).min(9) as u8).collect();
        match alone {
            true => worth(text.as_bytes()[0]).into(),
            false => BigInt::parse_bytes(&digits, 10).unwrap_or_default(),
        }
    } else {
        all().fold(BigInt::zero(), |value, byte| value * base + worth(byte))
    };
    let scale = fraction.len();
    if base == 10 || scale == 0 {
        return Decimal { value, scale };
    }
    Decimal { value: value * ten(scale) / BigInt::from(base).pow(scale as u32), scale }
}

/// A number in a base, without the breaks of long lines.
pub fn show(number: &Decimal, base: &BigInt) -> String {
    if number.is_zero() {
        return "0".to_owned();
    }
    let mut text = String::from(if number.value.is_negative() { "-" } else { "" });
    let power = ten(number.scale);
    let (whole, mut fraction) = number.value.abs().div_rem(&power);
    if *base == BigInt::from(10) {
        if !whole.is_zero() {
            text += &whole.to_string();
        }
        if number.scale > 0 {
            text += &format!(".{:0>width$}", fraction.to_string(), width = number.scale);
        }
        return text;
    }
    let large = *base > BigInt::from(16);
    let width = (base - 1_u32).to_string().len();
    let one = |text: &mut String, digit: &BigInt| {
        if large {
            *text += &format!(" {:0>width$}", digit.to_string());
        } else {
            let digit = digit.to_u32().and_then(|digit| char::from_digit(digit, 16));
            text.push(digit.unwrap_or('0').to_ascii_uppercase());
        }
    };
    if !whole.is_zero() {
        if let Some(base) = base.to_u32().filter(|base| *base <= 16) {
            text += &whole.to_str_radix(base).to_uppercase();
        } else {
            let mut rest = whole;
            let mut digits = Vec::new();
            while !rest.is_zero() {
                let (quotient, digit) = rest.div_rem(base);
                digits.push(digit);
                rest = quotient;
            }
            digits.iter().rev().for_each(|digit| one(&mut text, digit));
        }
    }
    if number.scale > 0 {
        text.push('.');
        let mut reached = BigInt::from(1);
        let mut first = true;
        while reached < power {
            let (digit, rest) = (&fraction * base).div_rem(&power);
            fraction = rest;
            if large && first {
                text += &format!("{:0>width$}", digit.to_string());
            } else {
                one(&mut text, &digit);
            }
            first = false;
            reached *= base;
        }
    }
    text
}

/// Puts out text and numbers, and breaks lines of numbers with `\`.
pub struct Paper {
    column: usize,
    line_len: usize,
    /// What was put out.
    pub text: String,
}

impl Paper {
    /// Lines, with their end, are as long as this variable says, or 70 bytes.
    pub fn new(variable: &str) -> Self {
        let wanted = std::env::var(variable).ok().and_then(|text| text.parse().ok());
        let line_len = match wanted {
            Some(0) => usize::MAX,
            Some(len) if len >= 3 => len,
            _ => 70,
        };
        Self { column: 0, line_len, text: String::new() }
    }

    /// A number.
    pub fn number(&mut self, text: &str) {
        for letter in text.chars() {
            if self.column >= self.line_len - 2 {
                self.text += "\\\n";
                self.column = 0;
            }
            self.text.push(letter);
            self.column += 1;
        }
    }

    /// Anything else.
    pub fn plain(&mut self, text: &str) {
        self.text += text;
        match text.rfind('\n') {
            Some(at) => self.column = text.len() - at - 1,
            None => self.column += text.len(),
        }
    }

    /// Writes what has gathered.
    ///
    /// # Errors
    /// Of the standard output.
    pub fn flush(&mut self) -> std::io::Result<()> {
        use std::io::Write as _;
        let mut output = std::io::stdout().lock();
        output.write_all(self.text.as_bytes())?;
        self.text.clear();
        output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_shown_in_bases() {
        let show = |text, from, to: i32| super::show(&read(text, from), &to.into());
        assert_eq!(show("FF.8", 16, 10), "255.5");
        assert_eq!(show("255.50", 10, 16), "FF.80");
        assert_eq!(show("300", 10, 100), " 03 00");
        assert_eq!(show("Z", 36, 10), "35");
        assert_eq!(show("0.25", 10, 2), ".0100000");
        assert_eq!(show("999", 8, 8), "777");
    }
}
