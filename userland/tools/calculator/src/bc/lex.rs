// SPDX-License-Identifier: MIT OR Apache-2.0
//! bc's words.

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Digits and a point, in the base of the moment.
    Number(String),
    /// Of a variable, a function or the language.
    Name(String),
    /// Without its quotes.
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
    /// The line's end.
    Newline,
}

/// All operators, longer ones first.
const SIGNS: [&str; 36] = [
    "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "!=", "<=", ">=", "&&", "||", "+", "-",
    "*", "/", "%", "^", "=", "<", ">", "!", "(", ")", "{", "}", "[", "]", ";", ",", "&", "|", "?",
    ":",
];

/// The words of a text.
///
/// # Errors
/// Nothing when it ends within a comment or string, or the byte that begins no word.
pub fn lex(text: &str) -> Result<Vec<Token>, Option<char>> {
    // A line can go on behind a backslash, even within a number.
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '\n' {
            tokens.push(Token::Newline);
            rest = &rest[1..];
        } else if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
        } else if let Some(after) = rest.strip_prefix("\\\n") {
            rest = after;
        } else if let Some(after) = rest.strip_prefix("/*") {
            rest = &after[after.find("*/").ok_or(None)? + 2..];
        } else if first == '#' {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if first == '"' {
            let end = rest[1..].find('"').ok_or(None)?;
            tokens.push(Token::Text(rest[1..=end].to_owned()));
            rest = &rest[end + 2..];
        } else if first.is_ascii_lowercase() {
            let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if first.is_ascii_digit() || first.is_ascii_uppercase() || first == '.' {
            let mut number = String::new();
            loop {
                if let Some(after) = rest.strip_prefix("\\\n") {
                    rest = after;
                    continue;
                }
                let Some(c) = rest.chars().next() else { break };
                let fits = c.is_ascii_digit()
                    || c.is_ascii_uppercase()
                    || c == '.' && !number.contains('.');
                if !fits {
                    break;
                }
                number.push(c);
                rest = &rest[1..];
            }
            tokens.push(if number == "." {
                Token::Name("last".to_owned())
            } else {
                Token::Number(number)
            });
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).ok_or(Some(first))?;
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
    }
    Ok(tokens)
}
