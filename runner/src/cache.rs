// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compiled code on disk.
//!
//! An entry is a file named after what it was compiled from and how; what follows wasmtime's own
//! bytes makes it trustworthy against corruption:
//!
//! | part                        | bytes |
//! |-----------------------------|-------|
//! | wasmtime's serialized module| any   |
//! | zeroes, so that the data can be mapped | < 8192 |
//! | [`Image`]: the program's data | its length |
//! | [`Meta`]: four words        | 16    |
//! | address and length of the data | 8  |
//! | blake3 of name and all above| 32    |
//! | [`MAGIC`]                   | 8     |
//!
//! An entry that was found whole is stamped with the file's identity and time of change in the user's
//! own folder; while those are the same, later starts need not read all of it.
//!
//! Compiled code is as powerful as the runner itself. Entries are therefore taken from two places
//! only: the user's own cache folder, which must belong to nobody else, and the folder of precompiled
//! images that comes with the runner. Anything that does not check out is compiled anew.

use crate::error::Error;
use crate::image::{Image, PAGE_BYTES};
use crate::loader::{self, DataImage};
use std::fs::{self, DirBuilder, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use wasmtime::{Engine, Module};

const MAGIC: &[u8; 8] = b"OCHRECW3";
const HASH_BYTES: usize = 32;
const META_BYTES: usize = 16;
/// Address and length of the data.
const PLACE_BYTES: usize = 8;
const TRAILER_BYTES: usize = META_BYTES + PLACE_BYTES + HASH_BYTES + MAGIC.len();

/// Bytes of the user's own cache; the oldest entries go beyond that.
const MAX_CACHE_BYTES: u64 = 1 << 30;

/// Words kept with the code.
pub type Meta = [u32; 4];

/// Hash of a file's content.
pub type ContentHash = [u8; 32];

/// An entry.
pub struct Found {
    /// The code.
    pub module: Module,
    /// The words kept with it.
    pub meta: Meta,
    /// The data kept with it.
    pub image: Option<Image>,
}

/// What an entry is made from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The module to be compiled.
    pub wasm: &'a [u8],
    /// Words to be kept with it.
    pub meta: Meta,
    /// Data to be kept with it.
    pub image: Option<&'a DataImage>,
}

/// What an entry was compiled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A kernel, as it is.
    Kernel,
    /// A user program, rewritten by the loader.
    Program,
}

/// The cache.
pub struct CodeCache {
    engine: Engine,
    /// Compiled with the runner, never written.
    precompiled: Option<PathBuf>,
    /// The user's own.
    own: Option<PathBuf>,
    settings: String,
}

/// blake3 as a [`Hasher`], for wasmtime's hash of its settings.
struct SettingsHasher(blake3::Hasher);

impl Hasher for SettingsHasher {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

impl CodeCache {
    /// A cache over the given folders, either of which may be missing.
    pub fn new(engine: &Engine, precompiled: Option<PathBuf>, own: Option<PathBuf>) -> Self {
        let mut hasher = SettingsHasher(blake3::Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.write(&loader::VERSION.to_le_bytes());
        let settings = hasher.0.finalize().to_hex()[..16].to_owned();
        let own = own.filter(|folder| is_private(folder));
        Self { engine: engine.clone(), precompiled, own, settings }
    }

    /// The user's cache folder.
    pub fn default_folder() -> Option<PathBuf> {
        let base = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
        // xtask keeps other things in the folder above, which need not be private.
        Some(base.join("ochre/code"))
    }

    fn name(&self, kind: Kind, content: &ContentHash) -> String {
        let kind = match kind {
            Kind::Kernel => "kernel",
            Kind::Program => "program",
        };
        format!("{kind}-{}-{}.cwasm", &hex(content)[..32], self.settings)
    }

    /// Looks for compiled code.
    pub fn find(&self, kind: Kind, content: &ContentHash) -> Option<Found> {
        let name = self.name(kind, content);
        for folder in [&self.precompiled, &self.own].into_iter().flatten() {
            let path = folder.join(&name);
            match self.read(&path, &name) {
                Ok(found) => return Some(found),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => {
                    // Compiled anew, and replaced, below. Where it cannot be removed it does no harm.
                    let _ = fs::remove_file(&path);
                }
            }
        }
        None
    }

    fn read(&self, path: &Path, name: &str) -> io::Result<Found> {
        let corrupt = || io::Error::from(io::ErrorKind::InvalidData);
        let mut file = File::open(path)?;
        let body_bytes =
            file.metadata()?.len().checked_sub(TRAILER_BYTES as u64).ok_or_else(corrupt)?;
        file.seek(SeekFrom::Start(body_bytes))?;
        let mut trailer = [0; TRAILER_BYTES];
        file.read_exact(&mut trailer)?;
        let (words, rest) = trailer.split_at(META_BYTES + PLACE_BYTES);
        let (hash, magic) = rest.split_at(HASH_BYTES);
        if magic != MAGIC {
            return Err(corrupt());
        }
        let stamp = Stamp::of(&file.metadata()?);
        if !self.is_stamped(name, &stamp) {
            let mut hasher = blake3::Hasher::new();
            hasher.update(name.as_bytes());
            file.rewind()?;
            hasher.update_reader((&file).take(body_bytes + words.len() as u64))?;
            if hasher.finalize().as_bytes() != hash {
                return Err(corrupt());
            }
            self.put_stamp(name, &stamp);
        }
        let word = |index: usize| {
            let bytes = &words[4 * index..4 * index + 4];
            u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
        };
        let meta = [word(0), word(1), word(2), word(3)];
        let (addr, len_bytes) = (word(4), word(5));
        let image = if len_bytes == 0 {
            None
        } else {
            let offset = body_bytes.checked_sub(len_bytes.into()).ok_or_else(corrupt)?;
            Some(Image::new(file.try_clone()?, offset, addr, len_bytes)?)
        };
        let module = deserialize(&self.engine, file).map_err(|_| corrupt())?;
        Ok(Found { module, meta, image })
    }

    /// Was the entry, unchanged since, found to be whole?
    fn is_stamped(&self, name: &str, stamp: &Stamp) -> bool {
        let Some(folder) = &self.own else { return false };
        fs::read_to_string(folder.join(format!("{name}.whole")))
            .is_ok_and(|seen| seen == stamp.text)
    }

    /// Notes that an entry is whole.
    fn put_stamp(&self, name: &str, stamp: &Stamp) {
        // A file that changes twice within a tick of the clock looks unchanged the second time.
        let Some(folder) = self.own.as_ref().filter(|_| stamp.is_old) else { return };
        // Without a stamp the next start hashes again.
        let _ = make_folder(folder);
        let _ = write_aside(folder, &format!("{name}.whole"), stamp.text.as_bytes());
    }

    /// Compiles a source and keeps the code where there is a place for it.
    ///
    /// # Errors
    /// Those of the compilation; a cache that cannot be written is no error.
    pub fn compile(
        &self,
        kind: Kind,
        content: &ContentHash,
        source: Source<'_>,
    ) -> wasmtime::Result<Module> {
        let module = Module::new(&self.engine, source.wasm)?;
        if let Some(folder) = &self.own {
            let _ = self.keep(folder, &self.name(kind, content), &module, source);
            let _ = prune(folder);
        }
        Ok(module)
    }

    /// Compiles a source into `folder`; tells the entry's path.
    ///
    /// # Errors
    /// When it does not compile or cannot be written.
    pub fn precompile(
        &self,
        folder: &Path,
        kind: Kind,
        content: &ContentHash,
        source: Source<'_>,
    ) -> Result<PathBuf, Error> {
        let name = self.name(kind, content);
        let path = folder.join(&name);
        if self.read(&path, &name).is_ok() {
            return Ok(path);
        }
        let module = Module::new(&self.engine, source.wasm)?;
        self.keep(folder, &name, &module, source)
            .map_err(|source| Error::Cache { path: path.clone(), source })?;
        Ok(path)
    }

    fn keep(
        &self,
        folder: &Path,
        name: &str,
        module: &Module,
        source: Source<'_>,
    ) -> io::Result<()> {
        let mut entry = module.serialize().map_err(io::Error::other)?;
        let (addr, data) =
            source.image.map_or((0, &[][..]), |image| (image.addr, &image.bytes[..]));
        if !data.is_empty() {
            // Data and address at the same place within a page.
            let page = PAGE_BYTES as usize;
            entry.resize(entry.len().next_multiple_of(page) + addr as usize % page, 0);
            entry.extend(data);
        }
        let len_bytes = u32::try_from(data.len()).map_err(io::Error::other)?;
        for word in source.meta.into_iter().chain([addr, len_bytes]) {
            entry.extend(word.to_le_bytes());
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(name.as_bytes());
        hasher.update(&entry);
        entry.extend(hasher.finalize().as_bytes());
        entry.extend(MAGIC);
        make_folder(folder)?;
        write_aside(folder, name, &entry)
    }
}

/// What tells a changed file from an unchanged one without reading it.
struct Stamp {
    text: String,
    is_old: bool,
}

impl Stamp {
    fn of(file: &fs::Metadata) -> Self {
        let (device, node, len) = (file.dev(), file.ino(), file.len());
        let (changed, changed_ns) = (file.ctime(), file.ctime_nsec());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            text: format!("{device} {node} {len} {changed}.{changed_ns:09}\n"),
            is_old: i64::try_from(now.as_secs()).is_ok_and(|now| now > changed + 1),
        }
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a file aside and renames it, so that nobody ever sees half of it.
fn write_aside(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let aside = folder.join(format!(".{name}.{}", std::process::id()));
    let written = File::create(&aside).and_then(|mut file| file.write_all(bytes));
    let renamed = written.and_then(|()| fs::rename(&aside, folder.join(name)));
    if renamed.is_err() {
        let _ = fs::remove_file(&aside);
    }
    renamed
}

/// Removes the oldest entries while there are too many bytes of them.
fn prune(folder: &Path) -> io::Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        entries.push((metadata.modified()?, metadata.len(), entry.path()));
    }
    let mut total: u64 = entries.iter().map(|(_, len, _)| len).sum();
    entries.sort();
    for (_, len, path) in entries {
        if total <= MAX_CACHE_BYTES {
            break;
        }
        // A machine that has it mapped keeps it.
        fs::remove_file(path)?;
        total -= len;
    }
    Ok(())
}

/// Does the folder, if it is there, belong to this user alone?
fn is_private(folder: &Path) -> bool {
    let Ok(home) = fs::metadata("/proc/self") else { return false };
    match fs::metadata(folder) {
        Ok(found) => {
            found.is_dir() && found.uid() == home.uid() && found.permissions().mode() & 0o077 == 0
        }
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Maps compiled code from an open file.
#[expect(unsafe_code, reason = "compiled code is trusted after the checks above")]
fn deserialize(engine: &Engine, file: File) -> wasmtime::Result<Module> {
    // SAFETY: the file is an entry that this program wrote: it carries the hash of its own content
    // and name, and stands in a folder that only this user, or who installed the runner, can write.
    unsafe { Module::deserialize_open_file(engine, file) }
}
