// SPDX-License-Identifier: MIT OR Apache-2.0
//! `syslogd`: takes messages at /dev/log and puts them where the log is kept.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};
use nix::sys::signal::{SigSet, Signal};
use ochre_applet::daemon::{self, Place};
use ochre_applet::{Args, complain, parse};

use crate::config::{self, Rule, Selector};
use crate::message::Message;
use crate::ring::{self, Ring};
use crate::sinks::{LogFile, Sink};
use crate::{SOCKET, priority};

const CONFIG: &str = "/etc/syslog.conf";
const PID_FILE: &str = "/run/syslogd.pid";
/// Longer messages are cut: it is what a datagram of /dev/log may have.
const MESSAGE_BYTES: usize = 64 * 1024;

/// Keeps the system's log: takes the messages that programs send to /dev/log. On SIGHUP, it opens its
/// files anew.
///
/// In /etc/syslog.conf, each line is a SELECTOR and an ACTION: FACILITY.LEVEL and a file or @HOST. Without
/// it, and for what no line takes, the log is -O's file.
#[derive(clap::Parser)]
#[command(name = "syslogd", disable_version_flag = true)]
struct Options {
    /// Stay in the foreground
    #[arg(short = 'n')]
    foreground: bool,
    /// The file of the log
    #[arg(short = 'O', default_value = "/var/log/messages", value_name = "FILE")]
    output: PathBuf,
    /// Send the messages to another machine
    #[arg(short = 'R', value_name = "HOST[:PORT]")]
    remote: Option<String>,
    /// Keep a log here, too, with -R
    #[arg(short = 'L')]
    local: bool,
    /// Keep the log in memory, for logread: so many KiB, 16 without a number
    #[arg(short = 'C', value_name = "KIB", num_args = 0..=1, require_equals = false,
          default_missing_value = "16", value_parser = clap::value_parser!(u64).range(1..=65536))]
    circular: Option<u64>,
    /// Put the log into the kernel's, for dmesg
    #[arg(short = 'K')]
    kernel: bool,
    /// Turn the file over when it has so many KiB; 0: never
    #[arg(short = 's', default_value_t = 200, value_name = "KIB")]
    size: u64,
    /// Keep so many old files
    #[arg(short = 'b', default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=99))]
    kept: u32,
    /// Take only what is more urgent than this: 1 to 8
    #[arg(short = 'l', default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    level: u8,
    /// Short lines: without host and priority
    #[arg(short = 'S')]
    short: bool,
    /// Leave out the time that the sender says: the one of arrival counts
    #[arg(short = 't')]
    own_time: bool,
    /// Leave out a message that is as the one before
    #[arg(short = 'D')]
    drop_same: bool,
    /// The configuration
    #[arg(short = 'f', default_value = CONFIG, value_name = "FILE")]
    config: PathBuf,
}

/// All that messages are put into.
struct Log {
    rules: Vec<(Selector, Sink)>,
    /// For all messages.
    always: Vec<Sink>,
    /// For what no rule takes.
    rest: Option<Sink>,
    host: String,
}

impl Log {
    fn open(options: &Options) -> Result<Self> {
        let file = |path: &Path| -> Result<Sink> {
            let limit = options.size.saturating_mul(1024);
            Ok(Sink::File(LogFile::open(path, limit, options.kept)?))
        };
        let mut always = Vec::new();
        if let Some(host) = &options.remote {
            always.push(Sink::remote(host)?);
        }
        let rules: Vec<Rule> = match std::fs::read_to_string(&options.config) {
            Ok(text) => config::parse(&text),
            // Nobody has to have one at its usual place.
            Err(_) if options.config == Path::new(CONFIG) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
        .with_context(|| options.config.display().to_string())?;
        let sink = |rule: &Rule| match rule.action.strip_prefix('@') {
            Some(host) => Sink::remote(host),
            None => file(Path::new(&rule.action)),
        };
        let rules: Result<Vec<_>> =
            rules.iter().map(|rule| Ok((rule.selector, sink(rule)?))).collect();
        let rest = if let Some(size) = options.circular {
            let ring = Ring::create(Path::new(ring::PATH), size * 1024);
            Some(Sink::Ring(ring.context(ring::PATH)?))
        } else if options.kernel {
            let kmsg = OpenOptions::new().write(true).open("/dev/kmsg");
            Some(Sink::Kmsg(kmsg.context("/dev/kmsg")?))
        } else if options.remote.is_none() || options.local {
            Some(file(&options.output)?)
        } else {
            None
        };
        let host = nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { rules: rules?, always, rest, host })
    }

    fn write(&mut self, message: &Message, short: bool) {
        let Message { priority, stamp, text } = message;
        let mut line = stamp.clone();
        // Writing to a string does not fail.
        let _ = if short {
            writeln!(line, " {text}")
        } else {
            writeln!(line, " {} {} {text}", self.host, priority::name(*priority))
        };
        let mut taken = false;
        let rules = self.rules.iter_mut().filter(|(selector, _)| selector.takes(*priority));
        let mut sinks: Vec<&mut Sink> = rules.map(|(_, sink)| sink).collect();
        taken |= !sinks.is_empty();
        sinks.extend(&mut self.always);
        if !taken {
            sinks.extend(&mut self.rest);
        }
        for sink in sinks {
            // A full disk is told to whoever looks; the next line is tried all the same.
            if let Err(error) = sink.write(message, &line) {
                complain("syslogd", format_args!("cannot write the log: {error}"));
            }
        }
    }

    fn reopen(&mut self) {
        let sinks = self.rules.iter_mut().map(|(_, sink)| sink).chain(&mut self.rest);
        for sink in sinks {
            if let Sink::File(file) = sink
                && let Err(error) = file.reopen()
            {
                complain("syslogd", format_args!("cannot open the log anew: {error}"));
            }
        }
    }
}

/// The applet; serves until a signal ends it.
pub fn syslogd(mut args: Args) -> Result<u8> {
    let place = Place::of(&mut args);
    let options: Options = parse(&args)?;
    if !options.foreground && place == Place::Foreground {
        return daemon::start(&args);
    }
    // Before the threads: each inherits the mask, and one takes them.
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGHUP, Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
        signals.add(signal);
    }
    signals.thread_block().context("cannot block signals")?;
    let log = Arc::new(Mutex::new(Log::open(&options)?));
    // The socket of one that was killed is in the way; one that serves has the only socket.
    if UnixDatagram::unbound()?.connect(SOCKET).is_ok() {
        anyhow::bail!("another one serves {SOCKET} already");
    }
    let _ = std::fs::remove_file(SOCKET);
    let socket = UnixDatagram::bind(SOCKET).context(SOCKET)?;
    std::fs::set_permissions(SOCKET, std::fs::Permissions::from_mode(0o666)).context(SOCKET)?;
    // For scripts that end it; it serves without, too.
    let _ = std::fs::write(PID_FILE, format!("{}\n", std::process::id()));
    let own = |text: &str| {
        let text = format!("<46>syslogd {text}");
        Message::read_all(text.as_bytes(), true)
    };
    let started = own("started: Ochre");
    place.ready()?;
    let ends = Arc::new(AtomicBool::new(false));
    let (shared, end) = (Arc::clone(&log), Arc::clone(&ends));
    thread::spawn(move || {
        loop {
            match signals.wait() {
                Ok(Signal::SIGHUP) => {
                    shared.lock().unwrap_or_else(PoisonError::into_inner).reopen();
                }
                Ok(_) => break,
                Err(_) => {}
            }
        }
        end.store(true, Ordering::Release);
        // Wakes the other thread up; the message itself is nothing.
        let _ = UnixDatagram::unbound().and_then(|socket| socket.send_to(b"\0", SOCKET));
    });
    let put = |messages: Vec<Message>, last: &mut Option<Message>| {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        for message in messages {
            let same =
                |last: &Message| (last.priority, &last.text) == (message.priority, &message.text);
            let is_wanted = (message.priority & 7) < usize::from(options.level)
                && !(options.drop_same && last.as_ref().is_some_and(same));
            if is_wanted {
                log.write(&message, options.short);
                *last = Some(message);
            }
        }
    };
    let mut last = None;
    put(started, &mut last);
    let mut buffer = vec![0; MESSAGE_BYTES];
    while !ends.load(Ordering::Acquire) {
        let count = match socket.recv(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).context(SOCKET),
        };
        put(Message::read_all(&buffer[..count], options.own_time), &mut last);
    }
    put(own("exiting"), &mut last);
    let _ = std::fs::remove_file(SOCKET);
    let _ = std::fs::remove_file(PID_FILE);
    Ok(0)
}
