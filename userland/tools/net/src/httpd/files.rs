// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers: files, parts of them, pages of folders, programs, and errors.
//!
//! Invariant: no path leaves the folder that is served by `..`; links in it are its owner's business.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::Server;
use super::request::Request;

const CGI: &str = "cgi-bin";
/// HTTP's way of writing a time.
const STAMP: &str = "%a, %d %b %Y %H:%M:%S GMT";

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        416 => "Range Not Satisfiable",
        501 => "Not Implemented",
        _ => "Internal Server Error",
    }
}

fn head(out: &mut dyn Write, status: u16, lines: &[(&str, String)]) -> io::Result<()> {
    write!(out, "HTTP/1.1 {status} {}\r\n", reason(status))?;
    write!(out, "Date: {}\r\nConnection: close\r\n", Utc::now().format(STAMP))?;
    for (name, value) in lines {
        write!(out, "{name}: {value}\r\n")?;
    }
    out.write_all(b"\r\n")
}

/// Answers with an error, and its own page when there is one.
pub fn error(server: &Server, out: &mut dyn Write, status: u16, body: bool) -> io::Result<()> {
    let page = server.config.error_page(status).and_then(|page| {
        let page = page.strip_prefix("/").unwrap_or(page);
        std::fs::read(server.home.join(page)).ok()
    });
    let page = page.unwrap_or_else(|| {
        let reason = reason(status);
        format!(
            "<HTML><HEAD><TITLE>{status} {reason}</TITLE></HEAD>\n<BODY><H1>{status} {reason}</H1>\n</BODY></HTML>\n"
        )
        .into_bytes()
    });
    let mut lines =
        vec![("Content-Type", "text/html".to_owned()), ("Content-Length", page.len().to_string())];
    if status == 401 {
        lines.push(("WWW-Authenticate", format!("Basic realm=\"{}\"", server.realm)));
    }
    head(out, status, &lines)?;
    if body { out.write_all(&page) } else { Ok(()) }
}

/// The path below the served folder; `None` when it leads out of it.
fn inner(path: &[u8]) -> Option<PathBuf> {
    let mut result = PathBuf::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                if !result.pop() {
                    return None;
                }
            }
            part if part.contains(&0) => return None,
            part => result.push(OsStr::from_bytes(part)),
        }
    }
    Some(result)
}

/// Answers a request whose sender may see its path.
pub fn answer(
    server: &Server,
    request: &Request,
    body: &mut BufReader<&TcpStream>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let is_head = request.method == "HEAD";
    let Some(path) = inner(&request.path) else {
        return Ok(error(server, out, 400, !is_head)?);
    };
    if path.starts_with(CGI) {
        return program(server, request, &path, body, out);
    }
    let mut file = server.home.join(&path);
    if file.is_dir() {
        if !request.path.ends_with(b"/") {
            let query = if request.query.is_empty() {
                String::new()
            } else {
                format!("?{}", request.query)
            };
            let location = format!("{}/{query}", request.raw_path);
            return Ok(head(out, 302, &[("Location", location), ("Content-Length", "0".into())])?);
        }
        file.push(server.config.index());
        let index = server.home.join(CGI).join("index.cgi");
        if !file.exists() && index.exists() {
            return program(server, request, &Path::new(CGI).join("index.cgi"), body, out);
        }
    }
    if server.config.interpreter(&file).is_some() && file.is_file() {
        let path = file.strip_prefix(&server.home).unwrap_or(&file).to_path_buf();
        return program(server, request, &path, body, out);
    }
    if request.method != "GET" && !is_head {
        return Ok(error(server, out, 501, true)?);
    }
    let opened = File::open(&file).and_then(|opened| Ok((opened.metadata()?, opened)));
    let (metadata, opened) = match opened {
        Ok((metadata, opened)) if metadata.is_file() => (metadata, opened),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Ok(self::error(server, out, 403, !is_head)?);
        }
        _ => return Ok(error(server, out, 404, !is_head)?),
    };
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let stamp = DateTime::<Utc>::from(modified).format(STAMP).to_string();
    if request.header("if-modified-since") == Some(stamp.as_str()) {
        return Ok(head(out, 304, &[("Last-Modified", stamp)])?);
    }
    send(server, request, &file, opened, metadata.len(), stamp, out)
}

fn send(
    server: &Server,
    request: &Request,
    path: &Path,
    mut file: File,
    length: u64,
    stamp: String,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let is_head = request.method == "HEAD";
    let mut lines = vec![
        ("Content-Type", server.config.kind(path).to_owned()),
        ("Last-Modified", stamp),
        ("Accept-Ranges", "bytes".to_owned()),
    ];
    let (status, start, count) = match request.header("range").and_then(|text| range(text, length))
    {
        None => (200, 0, length),
        Some(None) => {
            lines.push(("Content-Range", format!("bytes */{length}")));
            (416, 0, 0)
        }
        Some(Some((first, last))) => {
            lines.push(("Content-Range", format!("bytes {first}-{last}/{length}")));
            (206, first, last - first + 1)
        }
    };
    lines.push(("Content-Length", count.to_string()));
    head(out, status, &lines)?;
    if is_head || count == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::Start(start))?;
    io::copy(&mut file.take(count), out)?;
    Ok(())
}

/// What `bytes=…` asks for: `None` when it is not understood and so ignored, `Some(None)` when there is
/// nothing of it.
fn range(text: &str, length: u64) -> Option<Option<(u64, u64)>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let count: u64 = last.parse().ok()?;
        let found = count > 0 && length > 0;
        return Some(found.then(|| (length.saturating_sub(count), length - 1)));
    }
    let first: u64 = first.parse().ok()?;
    let last = if last.is_empty() { u64::MAX } else { last.parse().ok()? };
    Some((first < length && first <= last).then(|| (first, last.min(length - 1))))
}

/// Runs a program as RFC 3875 says, its path and what follows it in the address.
fn program(
    server: &Server,
    request: &Request,
    path: &Path,
    body: &mut BufReader<&TcpStream>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut script = PathBuf::new();
    let mut parts = path.iter();
    for part in parts.by_ref() {
        script.push(part);
        if server.home.join(&script).is_file() {
            break;
        }
    }
    let rest: PathBuf = parts.collect();
    let file = server.home.join(&script);
    let interpreter = server.config.interpreter(&file);
    let Ok(metadata) = file.metadata() else { return Ok(error(server, out, 404, true)?) };
    if !metadata.is_file() || interpreter.is_none() && metadata.permissions().mode() & 0o111 == 0 {
        return Ok(error(server, out, 403, true)?);
    }
    let mut command = match interpreter {
        Some(interpreter) => {
            let mut command = Command::new(interpreter);
            command.arg(&file);
            command
        }
        None => Command::new(&file),
    };
    let length = request.body_len();
    command
        .current_dir(file.parent().unwrap_or(&server.home))
        .env("GATEWAY_INTERFACE", "CGI/1.1")
        .env("SERVER_SOFTWARE", "ochre httpd")
        .env("SERVER_PROTOCOL", "HTTP/1.1")
        .env("SERVER_PORT", server.port.to_string())
        .env("REQUEST_METHOD", &request.method)
        .env("QUERY_STRING", &request.query)
        .env("REQUEST_URI", uri(request))
        .env("SCRIPT_NAME", Path::new("/").join(&script))
        .env("SCRIPT_FILENAME", &file)
        .env("REMOTE_ADDR", request.peer.ip().to_canonical().to_string())
        .env("REMOTE_PORT", request.peer.port().to_string())
        .env("CONTENT_LENGTH", length.to_string());
    let info = if rest.as_os_str().is_empty() { PathBuf::new() } else { Path::new("/").join(rest) };
    command.env("PATH_INFO", info);
    command.env("CONTENT_TYPE", request.header("content-type").unwrap_or_default());
    if let Some((name, _)) = request.login.as_deref().and_then(|login| login.split_once(':')) {
        command.env("REMOTE_USER", name).env("AUTH_TYPE", "Basic");
    }
    for (name, value) in &request.headers {
        let is_own = name == "authorization" || name == "content-length" || name == "content-type";
        // HTTP_PROXY would be taken for the proxy to use.
        if !is_own && name != "proxy" {
            command.env(format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_")), value);
        }
    }
    let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(_) => return Ok(error(server, out, 500, true)?),
    };
    let mut input = child.stdin.take().context("the program has no input")?;
    let output = child.stdout.take().context("the program has no output")?;
    let result = std::thread::scope(|scope| {
        let feeder = scope.spawn(move || {
            // A program may end without having read all.
            let _ = io::copy(&mut body.take(length), &mut input);
        });
        let result = pass_on(server, BufReader::new(output), out);
        let _ = feeder.join();
        result
    });
    child.wait()?;
    result
}

fn uri(request: &Request) -> String {
    if request.query.is_empty() {
        request.raw_path.clone()
    } else {
        format!("{}?{}", request.raw_path, request.query)
    }
}

/// Passes a program's output on, a status line before its headers.
fn pass_on(server: &Server, mut output: impl BufRead, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut headers = Vec::new();
    let mut status = "200 OK".to_owned();
    let mut first = true;
    let mut rest = Vec::new();
    loop {
        let mut line = Vec::new();
        if output.read_until(b'\n', &mut line)? == 0 {
            if first {
                return Ok(error(server, out, 500, true)?);
            }
            break;
        }
        let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        if text.is_empty() {
            break;
        }
        if let Some((_, given)) =
            text.split_once(' ').filter(|(start, _)| first && start.starts_with("HTTP/"))
        {
            status = given.to_owned();
        } else if let Some((name, value)) = text.split_once(':') {
            if name.eq_ignore_ascii_case("status") {
                status = value.trim().to_owned();
            } else {
                if name.eq_ignore_ascii_case("location") && status.starts_with("200") {
                    status = "302 Found".into();
                }
                headers.push(text);
            }
        } else {
            // No header at all: the output is the page.
            rest = line;
            break;
        }
        first = false;
    }
    write!(out, "HTTP/1.1 {status}\r\nConnection: close\r\n")?;
    for header in headers {
        write!(out, "{header}\r\n")?;
    }
    out.write_all(b"\r\n")?;
    out.write_all(&rest)?;
    io::copy(&mut output, out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_the_folder() {
        assert_eq!(inner(b"/a/../b//c/."), Some("b/c".into()));
        assert_eq!(inner(b"/a/../../b"), None);
        assert_eq!(inner(b"/a\0b"), None);
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        assert_eq!(range("bytes=2-", 10), Some(Some((2, 9))));
        assert_eq!(range("bytes=-3", 10), Some(Some((7, 9))));
        assert_eq!(range("bytes=2-99", 10), Some(Some((2, 9))));
        assert_eq!(range("bytes=10-", 10), Some(None));
        assert_eq!(range("lines=1-2", 10), None);
    }
}
