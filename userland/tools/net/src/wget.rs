// SPDX-License-Identifier: MIT OR Apache-2.0
//! `wget`: fetches files by HTTP.
//!
//! The protocol is ureq's; this is options, names of files, going on with a part that is there, and
//! messages. HTTPS is not offered: the cryptography that rustls needs is C and assembly.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use base64::Engine;
use ochre_applet::{Args, Failure, complain, parse};
use ureq::{Agent, Body};

/// How often the progress is drawn anew.
const PROGRESS: Duration = Duration::from_millis(200);
/// Cells of the bar.
const BAR: usize = 32;
const MAX_REDIRECTS: u32 = 20;

/// Fetch files by HTTP.
#[derive(clap::Parser)]
#[command(name = "wget", args_override_self = true)]
struct Options {
    /// Go on with a file of which a part is there
    #[arg(short, long = "continue")]
    continued: bool,
    /// Fetch nothing: only ask whether the file is there
    #[arg(long)]
    spider: bool,
    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
    /// Say less: taken, no bar is drawn
    #[arg(long, alias = "nv")]
    no_verbose: bool,
    /// Print the server's headers
    #[arg(short = 'S', long)]
    server_response: bool,
    /// Write to this file; - is standard output
    #[arg(short = 'O', long, value_name = "FILE")]
    output_document: Option<PathBuf>,
    /// Write messages to this file
    #[arg(short = 'o', long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Folder for the files
    #[arg(short = 'P', long, value_name = "FOLDER")]
    directory_prefix: Option<PathBuf>,
    /// Seconds to wait for anything
    #[arg(short = 'T', long, value_name = "SECONDS", default_value_t = 900)]
    timeout: u64,
    /// How often to try
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    tries: u32,
    /// A header for the request
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Post this text
    #[arg(long, value_name = "TEXT")]
    post_data: Option<String>,
    /// Post this file
    #[arg(long, value_name = "FILE")]
    post_file: Option<PathBuf>,
    /// Name of this program for the server
    #[arg(short = 'U', long, value_name = "NAME", default_value = "Wget")]
    user_agent: String,
    /// Name for a server that asks for one
    #[arg(long)]
    user: Option<String>,
    /// Password for it
    #[arg(long)]
    password: Option<String>,
    /// Use of proxies: on or off
    #[arg(short = 'Y', long, value_name = "on|off")]
    proxy: Option<String>,
    /// No proxies
    #[arg(long)]
    no_proxy: bool,
    /// Any certificate: taken, there is no HTTPS
    #[arg(long)]
    no_check_certificate: bool,
    /// The addresses
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
}

struct Job {
    options: Options,
    agent: Agent,
    log: Option<File>,
}

/// The applet: status 1 when any file was not fetched.
pub fn wget(args: Args) -> anyhow::Result<u8> {
    let mut options: Options = parse(&args)?;
    let wait = Some(Duration::from_secs(options.timeout)).filter(|wait| !wait.is_zero());
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(MAX_REDIRECTS)
        .user_agent(options.user_agent.as_str())
        .accept_encoding("")
        .timeout_connect(wait)
        .timeout_recv_response(wait)
        .timeout_per_read(wait);
    if options.no_proxy || options.proxy.as_deref() == Some("off") {
        config = config.proxy(None);
    }
    let log = options.output_file.as_ref().map(File::create).transpose()?;
    let urls = std::mem::take(&mut options.urls);
    // All files go into one when a name is given: the first creates it.
    let mut out = match &options.output_document {
        Some(file) if file == Path::new("-") => Some(Target::Stdout),
        Some(file) if !options.spider && !options.continued => {
            let create =
                File::create(file).with_context(|| format!("can't open '{}'", file.display()))?;
            Some(Target::File(create, file.clone(), 0))
        }
        _ => None,
    };
    let mut job = Job { options, agent: config.build().new_agent(), log };
    let mut status = 0;
    for url in urls {
        let mut left = job.options.tries.max(1);
        while let Err(error) = job.fetch(&url, out.as_mut()) {
            left -= 1;
            complain("wget", format_args!("{error:#}"));
            if left == 0 || error.downcast_ref::<Failure>().is_some() {
                status = 1;
                break;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    Ok(status)
}

/// Where a file goes.
enum Target {
    Stdout,
    /// The file, its name, and how much of it was there.
    File(File, PathBuf, u64),
}

impl Job {
    fn say(&mut self, text: std::fmt::Arguments<'_>) {
        if self.options.quiet {
            return;
        }
        let _ = match &mut self.log {
            Some(log) => writeln!(log, "{text}"),
            None => writeln!(io::stderr(), "{text}"),
        };
    }

    fn fetch(&mut self, url: &str, shared: Option<&mut Target>) -> anyhow::Result<()> {
        let (url, login) = self.address(url)?;
        let uri: http::Uri = url.parse().map_err(|_| wrong(format!("bad address: {url}")))?;
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(80);
        if host.is_empty() {
            return Err(wrong(format!("bad address: {url}")));
        }
        let connecting = match format!("{host}:{port}").parse::<std::net::SocketAddr>() {
            Ok(address) => format!("{host}:{port} ({address})"),
            Err(_) => format!("{host}:{port}"),
        };
        self.say(format_args!("Connecting to {connecting}"));
        let name = self.name(&uri);
        let there = match &shared {
            None if self.options.continued => std::fs::metadata(&name).map_or(0, |file| file.len()),
            _ => 0,
        };
        let response = self.request(&url, login, there)?;
        let status = response.status();
        if self.options.server_response {
            let mut text = format!("  {:?} {status}\n", response.version());
            for (name, value) in response.headers() {
                text += &format!("  {name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
            }
            let _ = io::stderr().write_all(text.as_bytes());
        }
        if self.options.spider {
            if !status.is_success() {
                return Err(refused(&response));
            }
            self.say(format_args!("remote file exists"));
            return Ok(());
        }
        // All of the file is there.
        if there > 0 && status == http::StatusCode::RANGE_NOT_SATISFIABLE {
            self.say(format_args!("'{}' is whole already", name.display()));
            return Ok(());
        }
        if !status.is_success() {
            return Err(refused(&response));
        }
        let goes_on = there > 0 && status == http::StatusCode::PARTIAL_CONTENT;
        let mut own;
        let target = match shared {
            Some(target) => target,
            None => {
                let mut open = OpenOptions::new();
                open.create(true).write(true).append(goes_on).truncate(!goes_on);
                // A file that is there stays what it is, unless it is asked for by name.
                if !goes_on && !self.options.continued && self.options.output_document.is_none() {
                    open.create_new(true);
                }
                let file = open.open(&name).map_err(|error| {
                    wrong(format!("can't open '{}': {}", name.display(), crate::plainly(&error)))
                })?;
                own = Target::File(file, name.clone(), if goes_on { there } else { 0 });
                &mut own
            }
        };
        if let Target::File(_, name, _) = target {
            let name = name.display().to_string();
            self.say(format_args!("saving to '{name}'"));
        } else {
            self.say(format_args!("writing to stdout"));
        }
        self.copy(response.into_body(), target)
    }

    fn copy(&mut self, body: Body, target: &mut Target) -> anyhow::Result<()> {
        let length = body.content_length();
        let mut reader = body.into_reader();
        let draws = !self.options.quiet && !self.options.no_verbose && self.log.is_none();
        let (shown, start) = match target {
            Target::Stdout => ("-".to_owned(), 0),
            Target::File(_, name, start) => {
                (name.file_name().unwrap_or_default().to_string_lossy().into_owned(), *start)
            }
        };
        let mut bar = Bar {
            shown,
            total: length.map(|length| length + start),
            began: Instant::now(),
            drawn: None,
        };
        let mut done = start;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = reader.read(&mut buffer).context("error getting response")?;
            if count == 0 {
                break;
            }
            match target {
                Target::Stdout => io::stdout().write_all(&buffer[..count])?,
                Target::File(file, ..) => file.write_all(&buffer[..count])?,
            }
            done += count as u64;
            if draws && bar.drawn.is_none_or(|drawn| drawn.elapsed() > PROGRESS) {
                bar.draw(done);
            }
        }
        if draws {
            bar.draw(done);
            if io::stderr().is_terminal() {
                let _ = writeln!(io::stderr());
            }
        }
        if length.is_some_and(|length| length + start > done) {
            bail!("connection closed prematurely");
        }
        match target {
            Target::Stdout => {
                io::stdout().flush()?;
                self.say(format_args!("written to stdout"));
            }
            Target::File(_, name, _) => {
                let name = name.display().to_string();
                self.say(format_args!("'{name}' saved"));
            }
        }
        Ok(())
    }

    fn request(
        &mut self,
        url: &str,
        login: Option<String>,
        there: u64,
    ) -> anyhow::Result<http::Response<Body>> {
        let body = match (&self.options.post_data, &self.options.post_file) {
            (Some(text), _) => Some(text.clone().into_bytes()),
            (None, Some(file)) => Some(
                std::fs::read(file).with_context(|| format!("can't open '{}'", file.display()))?,
            ),
            (None, None) => None,
        };
        let method = match (&body, self.options.spider) {
            (Some(_), _) => "POST",
            (None, true) => "HEAD",
            (None, false) => "GET",
        };
        let mut request = http::Request::builder().method(method).uri(url);
        if there > 0 {
            request = request.header("Range", format!("bytes={there}-"));
        }
        if let Some(login) = login {
            let encoded = base64::engine::general_purpose::STANDARD.encode(login);
            request = request.header("Authorization", format!("Basic {encoded}"));
        }
        let mut has_type = false;
        for header in &self.options.header {
            let (name, value) = header
                .split_once(':')
                .ok_or_else(|| wrong(format!("header '{header}' is not NAME: VALUE")))?;
            has_type |= name.eq_ignore_ascii_case("content-type");
            request = request.header(name.trim(), value.trim());
        }
        let response = match body {
            Some(body) => {
                if !has_type {
                    request = request.header("Content-Type", "application/x-www-form-urlencoded");
                }
                self.agent.run(request.body(body)?)
            }
            None => self.agent.run(request.body(())?),
        };
        response.map_err(|error| match error {
            ureq::Error::Io(error) => {
                anyhow::anyhow!("can't connect to remote host: {}", crate::plainly(&error))
            }
            ureq::Error::HostNotFound => anyhow::anyhow!("bad address '{}'", host_of(url)),
            ureq::Error::Timeout(_) => anyhow::anyhow!("download timed out"),
            other => other.into(),
        })
    }

    /// The address with its scheme, and the name and password in it.
    fn address(&self, url: &str) -> anyhow::Result<(String, Option<String>)> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" => return Err(wrong("HTTPS is not supported: this program has no TLS".into())),
            other => return Err(wrong(format!("not an http address: {other}://"))),
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let (login, host) = match host.rsplit_once('@') {
            Some((login, host)) => (Some(decoded(login)), host),
            None => (None, host),
        };
        let given =
            self.options.user.as_ref().map(|user| {
                format!("{user}:{}", self.options.password.as_deref().unwrap_or_default())
            });
        let slash = if path.starts_with('/') { "" } else { "/" };
        let path = path.split('#').next().unwrap_or_default().replace(' ', "%20");
        Ok((format!("http://{host}{slash}{path}"), given.or(login)))
    }

    /// The file that the address is written to.
    fn name(&self, uri: &http::Uri) -> PathBuf {
        if let Some(file) = &self.options.output_document {
            return file.clone();
        }
        let last = uri.path().rsplit('/').next().unwrap_or_default();
        let mut name = decoded(last);
        // What names a folder is none for a file.
        if name.is_empty() || name == "." || name == ".." || name.contains('/') {
            name = "index.html".into();
        } else if let Some(query) = uri.query() {
            name += &format!("?{}", query.replace('/', "%2F"));
        }
        match &self.options.directory_prefix {
            Some(folder) => folder.join(name),
            None => name.into(),
        }
    }
}

fn host_of(url: &str) -> &str {
    url.trim_start_matches("http://").split(['/', ':']).next().unwrap_or(url)
}

/// An error that another try would not mend.
fn wrong(message: String) -> anyhow::Error {
    Failure::new(1, message).into()
}

fn refused(response: &http::Response<Body>) -> anyhow::Error {
    wrong(format!("server returned error: {:?} {}", response.version(), response.status()))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .filter(|_| *first == b'%')
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is drawn while a file comes.
struct Bar {
    shown: String,
    total: Option<u64>,
    began: Instant,
    drawn: Option<Instant>,
}

impl Bar {
    fn draw(&mut self, done: u64) {
        self.drawn = Some(Instant::now());
        let name: String = self.shown.chars().take(20).collect();
        let seconds = self.began.elapsed().as_secs();
        let start = if io::stderr().is_terminal() { "\r" } else { "" };
        let end = if io::stderr().is_terminal() { "" } else { "\n" };
        let text = match self.total {
            Some(total) => {
                let part = (done.min(total) * 100).checked_div(total).unwrap_or(100);
                let stars = "*".repeat(BAR * part as usize / 100);
                let left = (seconds * (100 - part)).checked_div(part).unwrap_or(0);
                let (hours, minutes, left) = (left / 3600, left / 60 % 60, left % 60);
                format!(
                    "{name:<20} {part:>3}% |{stars:<BAR$}| {} {hours}:{minutes:02}:{left:02} ETA",
                    short(done)
                )
            }
            None => format!("{name:<20} {} {}s", short(done), seconds),
        };
        let _ = write!(io::stderr(), "{start}{text}{end}");
    }
}

fn short(bytes: u64) -> String {
    match bytes {
        0..100_000 => format!("{bytes:>5}"),
        100_000..100_000_000 => format!("{:>4}k", bytes >> 10),
        _ => format!("{:>4}M", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_decoded() {
        assert_eq!(decoded("a%20b%zz%4"), "a b%zz%4");
        assert_eq!(host_of("http://h:80/x"), "h");
    }
}
