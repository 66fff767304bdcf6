// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ftpget` and `ftpput`: one file from or to a server of FTP.
//!
//! Words are BusyBox's. The protocol is suppaftp's; the server opens no connection to this machine.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ochre_applet::{Args, parse};
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpStream, Mode};

/// Words that both applets know.
#[derive(clap::Args)]
struct Common {
    /// Say what happens
    #[arg(short)]
    verbose: bool,
    /// Name of the user
    #[arg(short, value_name = "USER", default_value = "anonymous")]
    user: String,
    /// The user's password
    #[arg(short, value_name = "PASSWORD", default_value = "busybox@")]
    password: String,
    /// The server's port
    #[arg(short = 'P', value_name = "PORT", default_value_t = 21)]
    port: u16,
    /// Name or address of the server
    host: String,
}

/// Get a file from a server of FTP.
#[derive(clap::Parser)]
#[command(name = "ftpget")]
struct GetOptions {
    /// Go on where an earlier transfer ended
    #[arg(short, long = "continue")]
    continued: bool,
    #[command(flatten)]
    common: Common,
    /// The file here, - for standard output, and the file there; they may be one word
    #[arg(value_name = "[LOCAL] REMOTE", required = true, num_args = 1..=2)]
    files: Vec<OsString>,
}

/// Put a file on a server of FTP.
#[derive(clap::Parser)]
#[command(name = "ftpput")]
struct PutOptions {
    #[command(flatten)]
    common: Common,
    /// The file there and the file here, - for standard input; they may be one word
    #[arg(value_name = "[REMOTE] LOCAL", required = true, num_args = 1..=2)]
    files: Vec<OsString>,
}

/// What is said of a file that cannot be opened.
pub fn cannot_open(path: &Path, error: &io::Error) -> anyhow::Error {
    anyhow::anyhow!("can't open '{}': {}", path.display(), ochre_applet::reason(error))
}

/// The applet `ftpget`.
pub fn ftpget(args: Args) -> anyhow::Result<u8> {
    let options: GetOptions = parse(&args)?;
    let local = PathBuf::from(&options.files[0]);
    let remote = text(options.files.last())?;
    let to_output = local.as_os_str() == "-";
    let present = if options.continued && !to_output {
        std::fs::metadata(&local).map_or(0, |data| data.len())
    } else {
        0
    };
    let mut server = log_in(&options.common)?;
    if present > 0 {
        let present = usize::try_from(present).context("the file here is too long")?;
        server.resume_transfer(present).map_err(plain)?;
    }
    // The file is made when the server has said that it has one.
    let mut stream = server.retr_as_stream(remote).map_err(plain)?;
    let mut target: Box<dyn Write> = if to_output {
        Box::new(io::stdout())
    } else {
        let mut choice = OpenOptions::new();
        choice.create(true).write(true).append(present > 0).truncate(present == 0);
        let file = choice.open(&local);
        Box::new(file.map_err(|error| cannot_open(&local, &error))?)
    };
    let count = io::copy(&mut stream, &mut target).context("the transfer broke off")?;
    target.flush()?;
    server.finalize_retr_stream(stream).map_err(plain)?;
    if options.common.verbose {
        eprintln!("ftpget: {count} bytes received");
    }
    // Nothing depends on a good-bye.
    let _ = server.quit();
    Ok(0)
}

/// The applet `ftpput`.
pub fn ftpput(args: Args) -> anyhow::Result<u8> {
    let options: PutOptions = parse(&args)?;
    let remote = text(options.files.first())?;
    let local = PathBuf::from(&options.files[options.files.len() - 1]);
    let mut source: Box<dyn Read> = if local.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        let file = File::open(&local);
        Box::new(file.map_err(|error| cannot_open(&local, &error))?)
    };
    let mut server = log_in(&options.common)?;
    let mut stream = server.put_with_stream(remote).map_err(plain)?;
    let count = io::copy(&mut source, &mut stream).context("the transfer broke off")?;
    server.finalize_put_stream(stream).map_err(plain)?;
    if options.common.verbose {
        eprintln!("ftpput: {count} bytes sent");
    }
    // Nothing depends on a good-bye.
    let _ = server.quit();
    Ok(0)
}

/// A file's name as it can be sent.
fn text(name: Option<&OsString>) -> anyhow::Result<&str> {
    let name = name.and_then(|name| name.to_str()).context("a file's name is not UTF-8")?;
    // Another line would be another command.
    if name.contains(['\r', '\n']) {
        bail!("a file's name has the end of a line in it");
    }
    Ok(name)
}

fn log_in(options: &Common) -> anyhow::Result<FtpStream> {
    for word in [&options.user, &options.password] {
        text(Some(&OsString::from(word)))?;
    }
    let addresses = (options.host.as_str(), options.port).to_socket_addrs();
    let addresses: Vec<_> = addresses.into_iter().flatten().collect();
    let Some(address) = addresses.first() else { bail!("bad address '{}'", options.host) };
    if options.verbose {
        eprintln!("Connecting to {} ({address})", options.host);
    }
    let mut server = FtpStream::connect(addresses.as_slice())
        .map_err(plain)
        .with_context(|| format!("can't connect to remote host ({})", address.ip()))?;
    if server.get_ref().peer_addr()?.is_ipv6() {
        // The older words have no place for such addresses.
        server.set_mode(Mode::ExtendedPassive);
    }
    server.login(&options.user, &options.password).map_err(plain)?;
    server.transfer_type(FileType::Binary).map_err(plain)?;
    Ok(server)
}

/// An error in the words of the server or the system.
fn plain(error: FtpError) -> anyhow::Error {
    match error {
        FtpError::ConnectionError(error) => anyhow::anyhow!("{}", ochre_applet::reason(&error)),
        FtpError::UnexpectedResponse(response) => {
            let text = String::from_utf8_lossy(&response.body).into_owned();
            anyhow::anyhow!("unexpected server response: {}", text.trim_end())
        }
        other => anyhow::anyhow!("{other}"),
    }
}
