// SPDX-License-Identifier: MIT OR Apache-2.0
//! `httpd`: serves files and CGI programs.
//!
//! Without `-f` it goes into the background as a program of its own, which gets the listening socket as
//! its standard input: when the command returns, connections are taken. A thread serves each.

mod config;
mod files;
mod request;

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::unistd::{Gid, Group, Uid, User, setgid, setuid};
use ochre_applet::{Args, complain, parse};

use config::Config;

/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(60);
/// The word by which the program in the background knows that it is that.
const INHERITED: &str = "--inherited-socket";

/// Serve files and CGI programs by HTTP.
#[derive(clap::Parser)]
#[command(name = "httpd", args_override_self = true, disable_help_flag = true)]
struct Options {
    /// Port, or address and port
    #[arg(short, value_name = "[ADDRESS:]PORT", default_value = "80")]
    port: String,
    /// Folder that is served
    #[arg(short = 'h', value_name = "FOLDER", default_value = ".")]
    home: PathBuf,
    /// Stay in the foreground
    #[arg(short)]
    foreground: bool,
    /// One connection, on standard input
    #[arg(short)]
    inetd: bool,
    /// Name connections; twice: requests
    #[arg(short, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Configuration; /etc/httpd.conf and httpd.conf in the folder, when they are there
    #[arg(short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What the user is told when asked for a password
    #[arg(short, value_name = "TEXT", default_value = "Web Server Authentication")]
    realm: String,
    /// Become this user
    #[arg(short, value_name = "USER[:GROUP]")]
    user: Option<String>,
    /// Print a text with its special characters as HTML has them
    #[arg(short, value_name = "TEXT")]
    encode: Option<String>,
    /// Print an address decoded
    #[arg(short, value_name = "TEXT")]
    decode: Option<String>,
    /// The socket is on standard input
    #[arg(long = "inherited-socket", hide = true)]
    inherited: bool,
    /// Print this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

/// What all connections share.
pub struct Server {
    config: Config,
    home: PathBuf,
    realm: String,
    verbose: u8,
    port: u16,
}

/// The applet.
pub fn httpd(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    if let Some(text) = &options.encode {
        println!("{}", request::escaped(text));
        return Ok(0);
    }
    if let Some(text) = &options.decode {
        print!("{}", String::from_utf8_lossy(&request::decoded(text.as_bytes(), true)));
        return Ok(0);
    }
    let home = options
        .home
        .canonicalize()
        .with_context(|| format!("can't change directory to '{}'", options.home.display()))?;
    let config = Config::read(options.config.as_deref(), &home)?;
    let mut server =
        Server { config, home, realm: options.realm.clone(), verbose: options.verbose, port: 0 };
    if options.inetd {
        let stream = TcpStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        server.connection(stream);
        return Ok(0);
    }
    let listener = if options.inherited {
        TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?)
    } else {
        listen(&options.port)?
    };
    if !options.foreground && !options.inherited {
        return background(&args, listener);
    }
    server.port = listener.local_addr()?.port();
    std::env::set_current_dir(&server.home)?;
    if let Some(user) = &options.user {
        become_user(user)?;
    }
    let server = Arc::new(server);
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let server = Arc::clone(&server);
                std::thread::spawn(move || server.connection(stream));
            }
            Err(error) => {
                complain("httpd", format_args!("accept: {}", crate::plainly(&error)));
                // No more files or memory for now: others must end first.
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// A socket for `80`, `127.0.0.1:80` or `[::1]:80`; for all addresses when none is named.
fn listen(port: &str) -> anyhow::Result<TcpListener> {
    let port = port.strip_prefix(':').unwrap_or(port);
    let addresses = match (port.parse::<u16>(), port.parse::<SocketAddr>()) {
        (Ok(port), _) => vec![
            SocketAddr::from((IpAddr::V6(Ipv6Addr::UNSPECIFIED), port)),
            SocketAddr::from(([0, 0, 0, 0], port)),
        ],
        (_, Ok(address)) => vec![address],
        _ => bail!("'{port}' is no port, and no address with one"),
    };
    // IPv6's takes IPv4 too; without IPv6, the second one serves.
    TcpListener::bind(addresses.as_slice())
        .map_err(|error| anyhow::anyhow!("can't listen at {port}: {}", crate::plainly(&error)))
}

fn background(args: &Args, listener: TcpListener) -> anyhow::Result<u8> {
    let program = std::env::current_exe().context("can't find the program's own file")?;
    let mut command = Command::new(program);
    command.arg0("httpd").args(&args[1..]).arg(INHERITED);
    command.stdin(Stdio::from(OwnedFd::from(listener))).stdout(Stdio::null()).process_group(0);
    command.spawn().context("can't go into the background")?;
    Ok(0)
}

fn become_user(text: &str) -> anyhow::Result<()> {
    let (user, group) =
        text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let known = User::from_name(user)?;
    let uid = match (&known, user.parse()) {
        (Some(known), _) => known.uid,
        (None, Ok(number)) => Uid::from_raw(number),
        _ => bail!("unknown user {user}"),
    };
    let gid = match group {
        None => known.map(|known| known.gid),
        Some(group) => match (Group::from_name(group)?, group.parse()) {
            (Some(known), _) => Some(known.gid),
            (None, Ok(number)) => Some(Gid::from_raw(number)),
            _ => bail!("unknown group {group}"),
        },
    };
    if let Some(gid) = gid {
        setgid(gid).context("can't change the group")?;
    }
    setuid(uid).context("can't change the user")
}

impl Server {
    fn connection(&self, stream: TcpStream) {
        let Ok(peer) = stream.peer_addr() else { return };
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let _ = stream.set_write_timeout(Some(PATIENCE));
        if self.verbose > 0 {
            complain("httpd", format_args!("{peer}: connected"));
        }
        if let Err(error) = request::serve(self, &stream, peer)
            && self.verbose > 0
        {
            complain("httpd", format_args!("{peer}: {error:#}"));
        }
    }
}
