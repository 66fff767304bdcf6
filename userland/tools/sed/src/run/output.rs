// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a script prints: the pattern space, what waits for the end of a cycle, and files of `w`.

use super::*;

impl Machine<'_> {
    /// Prints a text, after the line's end that the last one lacks.
    pub(super) fn put(&mut self, text: &[u8]) -> io::Result<()> {
        let out = self.lines.out.stream();
        if std::mem::take(&mut self.missing) {
            out.write_all(&[self.end])?;
        }
        out.write_all(text)?;
        if self.unbuffered { out.flush() } else { Ok(()) }
    }

    pub(super) fn print_space(&mut self) -> io::Result<()> {
        let mut text = std::mem::take(&mut self.space);
        let len = text.len();
        if self.lines.ended {
            text.push(self.end);
        }
        self.put(&text)?;
        self.missing = !self.lines.ended;
        text.truncate(len);
        self.space = text;
        Ok(())
    }

    pub(super) fn late(&mut self) -> io::Result<()> {
        while let Some(late) = self.late.pop_front() {
            match late {
                Late::Text(text) => self.put(&text)?,
                Late::Line(mut line) => {
                    line.push(self.end);
                    self.put(&line)?;
                }
                Late::File(name) => {
                    let text = match name.as_slice() {
                        b"/dev/stdin" => {
                            let mut text = Vec::new();
                            io::Read::read_to_end(&mut io::stdin(), &mut text)?;
                            text
                        }
                        // One that cannot be read is an empty one.
                        name => {
                            std::fs::read(std::ffi::OsStr::from_bytes(name)).unwrap_or_default()
                        }
                    };
                    if !text.is_empty() {
                        self.put(&text)?;
                    }
                }
            }
        }
        if self.lines.between_files() {
            self.missing = false;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, file: usize, text: &[u8]) -> io::Result<()> {
        match &mut self.files[file] {
            Some(out) => {
                if std::mem::take(&mut self.missing_in[file]) {
                    out.write_all(&[self.end])?;
                }
                out.write_all(text)?;
                // Others may read it while we go on.
                out.flush()
            }
            None => self.put(text),
        }
    }

    /// Writes the pattern space to a file; the last line's end is missing there, too.
    pub(super) fn write_space(&mut self, file: usize) -> io::Result<()> {
        if self.files[file].is_none() {
            return self.print_space();
        }
        let mut text = self.space.clone();
        if self.lines.ended {
            text.push(self.end);
        }
        self.write(file, &text)?;
        self.missing_in[file] = !self.lines.ended;
        Ok(())
    }

    pub(super) fn list(&mut self, width: usize) -> io::Result<()> {
        let mut text = Vec::new();
        let mut column = 0;
        for byte in &self.space {
            let shown = match byte {
                b'\\' => "\\\\".to_owned(),
                7 => "\\a".to_owned(),
                8 => "\\b".to_owned(),
                12 => "\\f".to_owned(),
                b'\n' => "\\n".to_owned(),
                b'\r' => "\\r".to_owned(),
                b'\t' => "\\t".to_owned(),
                11 => "\\v".to_owned(),
                32..=126 => char::from(*byte).to_string(),
                _ => format!("\\{byte:03o}"),
            };
            if width > 1 && column + shown.len() > width - 1 {
                text.extend(b"\\\n");
                column = 0;
            }
            column += shown.len();
            text.extend(shown.bytes());
        }
        text.extend(b"$\n");
        self.put(&text)
    }
}

pub(super) fn shell(code: &[u8]) -> Result<Vec<u8>> {
    let output = Process::new("/bin/sh")
        .arg("-c")
        .arg(std::ffi::OsStr::from_bytes(code))
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run the shell")?;
    Ok(output.stdout)
}
