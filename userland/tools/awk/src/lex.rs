// SPDX-License-Identifier: MIT OR Apache-2.0
//! Words of a program. Whether a slash divides or begins a pattern is told by the word before it.

use anyhow::Result;
use ochre_applet::Failure;
use ochre_regex::{Escapes, escape};

use crate::syntax::Builtin;

/// A word of the program.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Newline,
    Num(f64),
    Str(Vec<u8>),
    Regex(Vec<u8>),
    /// A name with a parenthesis right behind it.
    Func(String),
    Name(String),
    Builtin(Builtin),
    /// A keyword or a sign.
    Word(&'static str),
    End,
}

const KEYWORDS: [&str; 20] = [
    "BEGIN", "END", "function", "func", "if", "else", "while", "for", "do", "break", "continue",
    "next", "nextfile", "exit", "return", "delete", "in", "getline", "print", "printf",
];

/// Longer signs first.
const SIGNS: [&str; 41] = [
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "==", "<=", ">=",
    "!=", "!~", ">>", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!",
    ">", "<", "|", "?", ":", "~", "$", "=",
];

fn builtin(name: &str) -> Option<Builtin> {
    Some(match name {
        "and" => Builtin::And,
        "atan2" => Builtin::Atan2,
        "close" => Builtin::Close,
        "compl" => Builtin::Compl,
        "cos" => Builtin::Cos,
        "exp" => Builtin::Exp,
        "fflush" => Builtin::Fflush,
        "gsub" => Builtin::Gsub,
        "index" => Builtin::Index,
        "int" => Builtin::Int,
        "length" => Builtin::Length,
        "log" => Builtin::Log,
        "lshift" => Builtin::Lshift,
        "match" => Builtin::Match,
        "mktime" => Builtin::Mktime,
        "or" => Builtin::Or,
        "rand" => Builtin::Rand,
        "rshift" => Builtin::Rshift,
        "sin" => Builtin::Sin,
        "split" => Builtin::Split,
        "sprintf" => Builtin::Sprintf,
        "sqrt" => Builtin::Sqrt,
        "srand" => Builtin::Srand,
        "strftime" => Builtin::Strftime,
        "sub" => Builtin::Sub,
        "substr" => Builtin::Substr,
        "system" => Builtin::System,
        "systime" => Builtin::Systime,
        "tolower" => Builtin::Tolower,
        "toupper" => Builtin::Toupper,
        "xor" => Builtin::Xor,
        _ => return None,
    })
}

/// Divides a program into words, each with the number of its line; `name` is for messages.
pub fn words(text: &[u8], name: &str) -> Result<Vec<(Token, usize)>> {
    let mut words: Vec<(Token, usize)> = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        let token = match byte {
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'\\' if text.get(at + 1) == Some(&b'\n') => {
                at += 2;
                line += 1;
                continue;
            }
            b'\\' if text[at + 1..].starts_with(b"\r\n") => {
                at += 3;
                line += 1;
                continue;
            }
            b'#' => {
                while at < text.len() && text[at] != b'\n' {
                    at += 1;
                }
                continue;
            }
            b'\n' => {
                at += 1;
                words.push((Token::Newline, line));
                line += 1;
                continue;
            }
            b'"' => Token::Str(string(text, &mut at).or_else(|what| wrong(name, line, what))?),
            b'/' if !divides(words.last().map(|(token, _)| token)) => {
                Token::Regex(regex(text, &mut at).or_else(|what| wrong(name, line, what))?)
            }
            b'0'..=b'9' => number(text, &mut at),
            b'.' if text.get(at + 1).is_some_and(u8::is_ascii_digit) => number(text, &mut at),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let start = at;
                while text.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
                {
                    at += 1;
                }
                let name = String::from_utf8_lossy(&text[start..at]).into_owned();
                match KEYWORDS.iter().find(|word| **word == name) {
                    Some(word) => Token::Word(word),
                    None => match builtin(&name) {
                        Some(builtin) => Token::Builtin(builtin),
                        None if text.get(at) == Some(&b'(') => Token::Func(name),
                        None => Token::Name(name),
                    },
                }
            }
            _ => match SIGNS.iter().find(|sign| text[at..].starts_with(sign.as_bytes())) {
                Some(sign) => {
                    at += sign.len();
                    Token::Word(match *sign {
                        "**" => "^",
                        "**=" => "^=",
                        sign => sign,
                    })
                }
                None => {
                    return wrong(
                        name,
                        line,
                        format!("unexpected character '{}'", char::from(byte)),
                    );
                }
            },
        };
        words.push((token, line));
    }
    words.push((Token::Newline, line));
    words.push((Token::End, line));
    Ok(words)
}

/// A message about a line.
pub fn wrong<T>(name: &str, line: usize, what: impl std::fmt::Display) -> Result<T> {
    Err(Failure::new(1, format!("{name}:{line}: {what}")).into())
}

fn divides(before: Option<&Token>) -> bool {
    matches!(
        before,
        Some(
            Token::Num(_)
                | Token::Str(_)
                | Token::Name(_)
                | Token::Builtin(_)
                | Token::Word(")" | "]" | "$" | "++" | "--")
        )
    )
}

fn number(text: &[u8], at: &mut usize) -> Token {
    let rest = &text[*at..];
    if rest.len() > 2 && rest[0] == b'0' && rest[1] | 32 == b'x' && rest[2].is_ascii_hexdigit() {
        let len = rest[2..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let digits = String::from_utf8_lossy(&rest[2..2 + len]).into_owned();
        *at += 2 + len;
        return Token::Num(
            u64::from_str_radix(&digits, 16).map_or(f64::INFINITY, |value| value as f64),
        );
    }
    let (value, len) = crate::value::prefix_number(rest);
    *at += len.max(1);
    let digits = &rest[..len];
    if digits.len() > 1
        && digits[0] == b'0'
        && digits.iter().all(|byte| (b'0'..=b'7').contains(byte))
    {
        let octal = digits.iter().fold(0.0, |sum, byte| sum * 8.0 + f64::from(byte - b'0'));
        return Token::Num(octal);
    }
    Token::Num(value)
}

/// Takes the backslashes of a string away; those before letters without meaning stay.
pub fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' || at + 1 == text.len() {
            result.push(text[at]);
            at += 1;
            continue;
        }
        let rest = &text[at..];
        match rest[1] {
            b'\n' => at += 2,
            byte @ (b'"' | b'/' | b'\\') => {
                result.push(byte);
                at += 2;
            }
            b'b' => {
                result.push(8);
                at += 2;
            }
            _ => match escape(&rest[1..], Escapes::Awk) {
                Some((byte, len)) => {
                    result.push(byte);
                    at += 1 + len;
                }
                None => {
                    result.extend(&rest[..2]);
                    at += 2;
                }
            },
        }
    }
    result
}

fn string(text: &[u8], at: &mut usize) -> Result<Vec<u8>, &'static str> {
    let start = *at + 1;
    let mut end = start;
    loop {
        match text.get(end) {
            Some(b'"') => break,
            Some(b'\\') => end += 2,
            None | Some(b'\n') => return Err("unterminated string"),
            Some(_) => end += 1,
        }
    }
    *at = end + 1;
    Ok(unescaped(&text[start..end]))
}

fn regex(text: &[u8], at: &mut usize) -> Result<Vec<u8>, &'static str> {
    let mut result = Vec::new();
    let mut here = *at + 1;
    let mut bracket = false;
    loop {
        match text.get(here) {
            None | Some(b'\n') => return Err("unterminated regexp"),
            Some(b'/') if !bracket => break,
            Some(b'\\') if text.get(here + 1) == Some(&b'/') => {
                result.push(b'/');
                here += 2;
            }
            Some(b'\\') if here + 1 < text.len() => {
                result.extend(&text[here..here + 2]);
                here += 2;
            }
            Some(b'[') if !bracket => {
                // A closing bracket that comes first is a member. Without a closing one it is no bracket.
                let mut skip = 1 + usize::from(text.get(here + 1) == Some(&b'^'));
                skip += usize::from(text.get(here + skip) == Some(&b']'));
                result.extend(&text[here..here + skip]);
                here += skip;
                let rest = text[here..].split(|byte| *byte == b'\n').next().unwrap_or_default();
                bracket = rest.contains(&b']');
            }
            Some(b'[') if matches!(text.get(here + 1), Some(b':')) => {
                let end = text[here..].windows(2).position(|pair| pair == b":]");
                let len = end.map_or(1, |end| end + 2);
                result.extend(&text[here..here + len]);
                here += len;
            }
            Some(byte) => {
                bracket &= *byte != b']';
                result.push(*byte);
                here += 1;
            }
        }
    }
    *at = here + 1;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        words(text.as_bytes(), "").unwrap().into_iter().map(|(token, _)| token).collect()
    }

    #[test]
    fn slashes_divide_after_values_only() {
        let name = |name: &str| Token::Name(name.into());
        let found = tokens("a / b ~ /[/]x\\/y/");
        let wanted = [
            name("a"),
            Token::Word("/"),
            name("b"),
            Token::Word("~"),
            Token::Regex(b"[/]x/y".to_vec()),
        ];
        assert_eq!(found[..5], wanted);
    }

    #[test]
    fn strings_and_numbers() {
        assert_eq!(tokens(r#""a\tb\"\q\101""#)[0], Token::Str(b"a\tb\"\\qA".to_vec()));
        assert_eq!(tokens("0x1F 010 01.5 1e2")[..4], [31.0, 8.0, 1.5, 100.0].map(Token::Num));
        assert_eq!(tokens("f(f (")[..2], [Token::Func("f".into()), Token::Word("(")]);
    }
}
