// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sizes and offsets on the command line.

/// A number as C writes it (`16`, `0x10`, `020`), with `b` for blocks of 512 bytes, or a power of 1024.
pub fn number(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no number; write it as 16, 0x10 or 1k");
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.strip_prefix("0x") {
        Some(rest) => (rest, 16),
        None if lower.len() > 1 && lower.starts_with('0') => (&lower[1..], 8),
        None => (&lower[..], 10),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (digits, ending) = digits.split_at(end);
    let factor: u64 = match ending.strip_suffix("ib").unwrap_or(ending) {
        "" => 1,
        "b" => 512,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return Err(wrong()),
    };
    let value = if digits.is_empty() && radix == 8 {
        0
    } else {
        u64::from_str_radix(digits, radix).map_err(|_| wrong())?
    };
    value.checked_mul(factor).ok_or_else(wrong)
}

/// [`number`] with a sign before it.
pub fn signed(text: &str) -> Result<i64, String> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    i64::try_from(number(rest)?).map(|value| sign * value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_c_with_sizes() {
        assert_eq!(number("0x1F"), Ok(31));
        assert_eq!(number("010"), Ok(8));
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number("2k"), Ok(2048));
        assert_eq!(number("1MiB"), Ok(1 << 20));
        assert_eq!(signed("-3"), Ok(-3));
        assert!(number("x").is_err() && number("").is_err() && number("3q").is_err());
    }
}
