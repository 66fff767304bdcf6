// SPDX-License-Identifier: MIT OR Apache-2.0
//! `tar`: packs files into an archive and out of it.
//!
//! The options are GNU's everyday ones, in the old style, too (`tar cvf x.tar dir`). Archives are
//! written in GNU's format, or pax's when asked for; both are read ([`read`], [`write`]).

mod options;
mod read;
mod write;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Context, bail};
use ochre_applet::{Args, complain};
use ochre_compress::{Finish, Format};

use crate::extract::{Existing, Extractor};
use crate::member::{Kind, Member, path};
use crate::names::{covers, excludes, strip, unsafe_prefix};
use options::{Mode, Options};
use read::Reader;

/// The applet: status 1 when anything went wrong.
pub fn tar(args: Args) -> anyhow::Result<u8> {
    let (options, mut inputs) = options::read(args)?;
    let mut excluded: Vec<Vec<u8>> =
        options.exclude.iter().map(|pattern| pattern.as_bytes().to_vec()).collect();
    for file in &options.exclude_from {
        excluded.extend(lines(file, b'\n')?);
    }
    let separator = if options.null { 0 } else { b'\n' };
    for file in &options.files_from {
        for name in lines(file, separator)? {
            inputs.push(options::Input::Name(path(&name)));
        }
    }
    let mut job = Job { options, excluded, status: 0, warned: false };
    match job.options.mode() {
        Mode::Create => job.create(&inputs)?,
        Mode::Append => job.append(&inputs)?,
        Mode::Extract | Mode::List => job.unpack(&inputs)?,
    }
    Ok(job.status)
}

fn lines(file: &Path, separator: u8) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut text = Vec::new();
    if file == Path::new("-") {
        io::stdin().read_to_end(&mut text)?;
    } else {
        File::open(file)
            .and_then(|mut file| file.read_to_end(&mut text))
            .with_context(|| format!("can't open '{}'", file.display()))?;
    }
    let lines = text.split(|byte| *byte == separator);
    Ok(lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
}

/// What is being done, and how it went.
pub struct Job {
    options: Options,
    excluded: Vec<Vec<u8>>,
    status: u8,
    /// Whether it was said that names are cut.
    warned: bool,
}

impl Job {
    fn failed(&mut self, error: impl std::fmt::Display) {
        complain("tar", error);
        self.status = 1;
    }

    fn is_excluded(&self, name: &[u8]) -> bool {
        self.excluded.iter().any(|pattern| excludes(pattern, name))
    }

    /// A name without what leads out of the current folder, unless `-P` trusts it.
    fn safe<'a>(&mut self, name: &'a [u8]) -> &'a [u8] {
        let cut = if self.options.absolute_names { 0 } else { unsafe_prefix(name) };
        if cut > 0 && !self.warned {
            self.warned = true;
            let prefix = String::from_utf8_lossy(&name[..cut]);
            complain("tar", format_args!("removing leading '{prefix}' from member names"));
        }
        &name[cut..]
    }

    fn archive(&self) -> Option<&Path> {
        self.options.file.as_deref().filter(|file| *file != Path::new("-"))
    }

    fn create(&mut self, inputs: &[options::Input]) -> anyhow::Result<()> {
        if !inputs.iter().any(|input| matches!(input, options::Input::Name(_)))
            && self.options.files_from.is_empty()
        {
            bail!("cowardly refusing to create an empty archive");
        }
        let format = self.options.format_to_write()?;
        let (file, out): (Option<File>, Box<dyn Write>) = match self.archive() {
            Some(path) => {
                let file = File::create(path)
                    .with_context(|| format!("can't open '{}'", path.display()))?;
                (Some(file.try_clone()?), Box::new(file))
            }
            None => (None, Box::new(io::stdout())),
        };
        let out = io::BufWriter::with_capacity(64 << 10, out);
        let out: Box<dyn Finish> = match format {
            Some(format) => {
                let usual = if format == Format::Bzip2 { 9 } else { 6 };
                ochre_compress::writer(format, usual, out)?
            }
            None => Box::new(Plain(out)),
        };
        let mut writer = write::Writer::new(out, file.as_ref())?;
        writer.add_all(self, inputs, &HashMap::new())?;
        writer.finish()
    }

    fn append(&mut self, inputs: &[options::Input]) -> anyhow::Result<()> {
        let Some(path) = self.archive().map(Path::to_path_buf) else {
            bail!("appending needs a file: name it with -f");
        };
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file =
            options.open(&path).with_context(|| format!("can't open '{}'", path.display()))?;
        let mut known = HashMap::new();
        let mut end = 0;
        if file.metadata()?.len() > 0 {
            let mut start = [0; ochre_compress::MARK_LEN];
            let got = file.read(&mut start)?;
            if ochre_compress::sniff(&start[..got]).is_some() {
                bail!("{} is compressed: members can't be added to it", path.display());
            }
            file.rewind()?;
            let mut reader = Reader::new(Box::new(io::BufReader::new(file.try_clone()?)));
            while let Some(member) = reader.next()? {
                known.insert(member.name, member.mtime.0);
            }
            end = reader.end();
        }
        if !self.options.update {
            known.clear();
        }
        file.seek(SeekFrom::Start(end))?;
        let out = Plain(io::BufWriter::new(file.try_clone()?));
        let mut writer = write::Writer::new(Box::new(out), Some(&file))?;
        writer.written = end;
        writer.add_all(self, inputs, &known)?;
        writer.finish()?;
        let length = file.stream_position()?;
        Ok(file.set_len(length)?)
    }

    fn unpack(&mut self, inputs: &[options::Input]) -> anyhow::Result<()> {
        let input: Box<dyn Read> = match self.archive() {
            Some(path) => Box::new(
                File::open(path).with_context(|| format!("can't open '{}'", path.display()))?,
            ),
            None => Box::new(io::stdin()),
        };
        let mut reader = Reader::new(ochre_compress::open(input)?);
        let mut wanted = Vec::new();
        for input in inputs {
            match input {
                options::Input::Folder(folder) => std::env::set_current_dir(folder)
                    .with_context(|| format!("can't change directory to '{}'", folder.display()))?,
                options::Input::Name(name) => {
                    wanted.push((name.as_os_str().as_bytes().to_vec(), false));
                }
            }
        }
        let mut extractor = self.extractor();
        let all = wanted.is_empty() && self.options.files_from.is_empty();
        while let Some(member) = reader.next()? {
            let mut take = all;
            for (name, found) in &mut wanted {
                if covers(name, &member.name) {
                    *found = true;
                    take = true;
                }
            }
            if !take || self.is_excluded(&member.name) {
                continue;
            }
            if let Err(error) = self.one(&mut extractor, &member, &mut reader) {
                self.failed(format_args!("{:#}", Plainly(&error)));
            }
        }
        let mut errors = Vec::new();
        extractor.end(|error| errors.push(error));
        for error in errors {
            self.failed(format_args!("{:#}", Plainly(&error)));
        }
        for (name, found) in wanted {
            if !found {
                let name = String::from_utf8_lossy(&name).into_owned();
                self.failed(format_args!("{name}: not found in archive"));
            }
        }
        Ok(())
    }

    fn one(
        &mut self,
        extractor: &mut Extractor,
        member: &Member,
        reader: &mut Reader,
    ) -> anyhow::Result<()> {
        let list = self.options.mode() == Mode::List;
        let name = if list { &member.name[..] } else { self.safe(&member.name) };
        let Some(name) = strip(name, self.options.strip_components) else { return Ok(()) };
        if list || self.options.verbose > 0 {
            let long = self.options.verbose > usize::from(!list) as u8;
            let mut line = if long { self.shown(member).line(name) } else { name.to_vec() };
            line.push(b'\n');
            if self.options.to_stdout {
                io::stderr().write_all(&line)?;
            } else {
                io::stdout().write_all(&line)?;
            }
        }
        if list {
            return Ok(());
        }
        if self.options.to_stdout {
            if member.kind == Kind::File {
                io::copy(reader, &mut io::stdout())?;
            }
            return Ok(());
        }
        let file = path(name);
        if let Kind::Hardlink(target) = &member.kind {
            let target = self.safe(target.as_os_str().as_bytes());
            let Some(target) = strip(target, self.options.strip_components) else { return Ok(()) };
            extractor.hard_link(member, &file, &path(target))?;
        } else {
            extractor.put(member, &file, reader)?;
        }
        Ok(())
    }

    /// A member as it is listed: by numbers when those are asked for.
    fn shown(&self, member: &Member) -> Member {
        let mut member = member.clone();
        if self.options.numeric_owner {
            member.user.clear();
            member.group.clear();
        }
        member
    }

    fn extractor(&self) -> Extractor {
        let options = &self.options;
        let mut extractor = Extractor::new("".into());
        extractor.existing = match options {
            _ if options.keep_old_files => Existing::Keep,
            _ if options.skip_old_files => Existing::Skip,
            _ if options.keep_newer_files => Existing::KeepNewer,
            _ if options.overwrite => Existing::Overwrite,
            _ => Existing::Replace,
        };
        extractor.owners = options.same_owner || extractor.owners && !options.no_same_owner;
        extractor.modes = options.preserve || extractor.modes && !options.no_same_permissions;
        extractor.numeric = options.numeric_owner;
        extractor.times = !options.touch;
        extractor
    }
}

/// What to do with an archive inside of a package.
pub enum What<'a> {
    /// List it, all that is known of each member.
    List,
    /// Unpack it into a folder; and name each member.
    Extract(&'a Path, bool),
    /// The data of one member.
    Print(&'a str, &'a mut Vec<u8>),
}

/// Goes through an archive that is no file of its own.
pub fn unpack_stream(input: Box<dyn Read>, mut what: What<'_>) -> anyhow::Result<()> {
    let mut reader = Reader::new(input);
    let mut extractor = match &what {
        What::Extract(folder, _) => Some(Extractor::new(folder.to_path_buf())),
        _ => None,
    };
    while let Some(member) = reader.next()? {
        let name = &member.name[unsafe_prefix(&member.name)..];
        let line = match &mut what {
            What::List => member.line(&member.name),
            What::Extract(_, true) => member.name.clone(),
            What::Print(wanted, text) => {
                if path(name).file_name().is_some_and(|name| name == *wanted) {
                    reader.read_to_end(text)?;
                }
                continue;
            }
            What::Extract(..) => Vec::new(),
        };
        if !line.is_empty() {
            io::stdout().write_all(&[&line[..], b"\n"].concat())?;
        }
        let Some(extractor) = &mut extractor else { continue };
        if let Kind::Hardlink(target) = &member.kind {
            let target = target.as_os_str().as_bytes();
            extractor.hard_link(&member, &path(name), &path(&target[unsafe_prefix(target)..]))?;
        } else {
            extractor.put(&member, &path(name), &mut reader)?;
        }
    }
    let mut first = None;
    if let Some(extractor) = &mut extractor {
        extractor.end(|error| {
            first.get_or_insert(error);
        });
    }
    first.map_or(Ok(()), Err)
}

/// An archive that is not compressed.
struct Plain<W>(W);

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write> Finish for Plain<W> {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

/// An error without the number that std adds to the system's.
struct Plainly<'a>(&'a anyhow::Error);

impl std::fmt::Display for Plainly<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&ochre_compress::plainly(self.0))
    }
}
