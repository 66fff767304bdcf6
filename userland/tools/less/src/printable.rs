// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a terminal may get of a text: control characters become `^X`, as less(1) shows them.
//!
//! Lets through line ends, tabs and, when colours are wanted, the escape sequences that set them
//! (`ESC [ … m`). What is no UTF-8 becomes the replacement character.

/// The text as it may be put on a terminal.
pub fn printable(bytes: &[u8], colours: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(next) = rest.chars().next() {
        let colour = if colours { colour_length(rest) } else { 0 };
        let taken = if colour > 0 { colour } else { next.len_utf8() };
        match next {
            '\n' | '\t' => out.push(next),
            // The line end of other systems shows as nothing.
            '\r' if rest.starts_with("\r\n") => {}
            _ if colour > 0 => out.push_str(&rest[..colour]),
            '\0'..='\x1f' | '\x7f' => {
                out.push('^');
                out.push(char::from(next as u8 ^ 0x40));
            }
            '\u{80}'..='\u{9f}' => out.push('\u{fffd}'),
            _ => out.push(next),
        }
        rest = &rest[taken..];
    }
    out
}

/// The bytes of the colour sequence that a text begins with, 0 if it does not.
fn colour_length(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\x1b[") else { return 0 };
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':');
    match end.filter(|&end| parameters[end..].starts_with('m')) {
        Some(end) => 2 + end + 1,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(
            printable(b"a\tb\x01\x1b[2J\x7f\r\n\xff\x08", false),
            "a\tb^A^[[2J^?\n\u{fffd}^H"
        );
        assert_eq!(printable("ö\u{9b}2J".as_bytes(), true), "ö\u{fffd}2J");
    }

    #[test]
    fn only_colours_go_through() {
        assert_eq!(
            printable(b"\x1b[1;31mred\x1b[m\x1b[H\x1b[", true),
            "\x1b[1;31mred\x1b[m^[[H^[["
        );
        assert_eq!(printable(b"\x1b[1mred", false), "^[[1mred");
    }
}
