// SPDX-License-Identifier: MIT OR Apache-2.0
//! One request: read, judged, and answered by a file or a program (`files`).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, bail};
use base64::Engine;
use ochre_applet::complain;

use super::{Server, files};

/// The longest head of a request.
const MAX_HEAD: usize = 32 << 10;
const MAX_HEADERS: usize = 64;

/// A request, its body still in the stream.
pub struct Request {
    pub method: String,
    /// The path as it was sent, without the query.
    pub raw_path: String,
    /// The path, decoded.
    pub path: Vec<u8>,
    pub query: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub login: Option<String>,
    pub peer: SocketAddr,
}

impl Request {
    /// The value of a header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Bytes of the body.
    pub fn body_len(&self) -> u64 {
        self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)
    }
}

/// Reads a request and answers it; then the connection ends.
pub fn serve(server: &Server, stream: &TcpStream, peer: SocketAddr) -> anyhow::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut out = io::BufWriter::new(stream);
    let request = match read(&mut reader, peer) {
        Ok(Some(request)) => request,
        Ok(None) => return Ok(()),
        Err(error) => {
            files::error(server, &mut out, 400, true)?;
            out.flush()?;
            return Err(error);
        }
    };
    if server.verbose > 1 {
        complain("httpd", format_args!("{peer}: {} {}", request.method, request.raw_path));
    }
    let path = String::from_utf8_lossy(&request.path).into_owned();
    let with_body = request.method != "HEAD";
    if !server.config.may_come(peer.ip()) {
        files::error(server, &mut out, 403, with_body)?;
    } else if !server.config.may_see(&path, request.login.as_deref()) {
        files::error(server, &mut out, 401, with_body)?;
    } else {
        files::answer(server, &request, &mut reader, &mut out)?;
    }
    out.flush()?;
    // What the client still sends is read, or its end of the connection would break.
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut rest = [0; 4096];
    for _ in 0..64 {
        if reader.read(&mut rest)? == 0 {
            break;
        }
    }
    Ok(())
}

/// Reads the head; `None` when the client says nothing.
fn read(reader: &mut BufReader<&TcpStream>, peer: SocketAddr) -> anyhow::Result<Option<Request>> {
    let mut head = Vec::new();
    loop {
        let got =
            reader.by_ref().take((MAX_HEAD - head.len()) as u64).read_until(b'\n', &mut head)?;
        if got == 0 {
            if head.is_empty() {
                return Ok(None);
            }
            bail!("the head of the request is too long, or ended early");
        }
        if head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n") {
            break;
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    if parsed.parse(&head).context("the request cannot be read")?.is_partial() {
        bail!("the request has no end");
    }
    let target = parsed.path.unwrap_or("/");
    // A proxy's request names the server, too.
    let target = match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    };
    if !target.starts_with('/') {
        bail!("the path does not begin with a slash");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = parsed
        .headers
        .iter()
        .map(|header| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_ascii_lowercase(), value)
        })
        .collect();
    let authorization = headers.iter().find(|(name, _)| name == "authorization");
    let login = authorization.and_then(|(_, value)| {
        let encoded = value.strip_prefix("Basic ")?.trim();
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
        String::from_utf8(bytes).ok()
    });
    Ok(Some(Request {
        method: parsed.method.unwrap_or("GET").to_owned(),
        raw_path: path.to_owned(),
        path: decoded(path.as_bytes(), false),
        query: query.to_owned(),
        headers,
        login,
        peer,
    }))
}

/// An address without its `%XX`; and `+` for a space where forms have it.
pub fn decoded(text: &[u8], plus: bool) -> Vec<u8> {
    let mut result = Vec::new();
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match byte {
            Some(byte) => {
                result.push(byte);
                rest = &tail[2..];
            }
            None => {
                result.push(if plus && *first == b'+' { b' ' } else { *first });
                rest = tail;
            }
        }
    }
    result
}

/// A text for HTML: all but letters and digits as numbers.
pub fn escaped(text: &str) -> String {
    text.chars()
        .map(
            |c| {
                if c.is_ascii_alphanumeric() {
                    c.to_string()
                } else {
                    format!("&#{};", u32::from(c))
                }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_coded_and_decoded() {
        assert_eq!(escaped("<Hello World>"), "&#60;Hello&#32;World&#62;");
        assert_eq!(decoded(b"a%2Fb+c%4", false), b"a/b+c%4");
        assert_eq!(decoded(b"a+b", true), b"a b");
    }
}
