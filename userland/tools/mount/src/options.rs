// SPDX-License-Identifier: MIT OR Apache-2.0
//! The options of `mount -o`: flags of the call, data for the file system, and what is for `mount` alone.

use nix::mount::MsFlags;

/// Options, sorted by who reads them.
#[derive(Debug, Default)]
pub struct Options {
    /// Flags of the mount call.
    pub flags: Flags,
    /// A second call that sets how mounts below spread to others.
    pub propagation: Option<MsFlags>,
    /// What the file system is told.
    pub data: String,
    /// The source is a file and needs a loop device: this one, or any.
    pub loop_device: Option<Option<String>>,
    /// Where in the file the file system starts.
    pub offset: u64,
    /// How long it is there; 0: to the end.
    pub size_limit: u64,
    /// A missing device is no error.
    pub no_fail: bool,
}

/// Flags of the mount call, none at first.
#[derive(Debug)]
pub struct Flags(pub MsFlags);

impl Default for Flags {
    fn default() -> Self {
        Self(MsFlags::empty())
    }
}

/// Names of flags, with whether they set or clear it.
const FLAGS: &[(&str, MsFlags, bool)] = &[
    ("async", MsFlags::MS_SYNCHRONOUS, false),
    ("atime", MsFlags::MS_NOATIME, false),
    ("bind", MsFlags::MS_BIND, true),
    ("dev", MsFlags::MS_NODEV, false),
    ("diratime", MsFlags::MS_NODIRATIME, false),
    ("dirsync", MsFlags::MS_DIRSYNC, true),
    ("exec", MsFlags::MS_NOEXEC, false),
    ("mand", MsFlags::MS_MANDLOCK, true),
    ("move", MsFlags::MS_MOVE, true),
    ("noatime", MsFlags::MS_NOATIME, true),
    ("nodev", MsFlags::MS_NODEV, true),
    ("nodiratime", MsFlags::MS_NODIRATIME, true),
    ("noexec", MsFlags::MS_NOEXEC, true),
    ("nomand", MsFlags::MS_MANDLOCK, false),
    ("norelatime", MsFlags::MS_RELATIME, false),
    ("nostrictatime", MsFlags::MS_STRICTATIME, false),
    ("nosuid", MsFlags::MS_NOSUID, true),
    ("rbind", MsFlags::MS_BIND.union(MsFlags::MS_REC), true),
    ("relatime", MsFlags::MS_RELATIME, true),
    ("remount", MsFlags::MS_REMOUNT, true),
    ("ro", MsFlags::MS_RDONLY, true),
    ("rw", MsFlags::MS_RDONLY, false),
    ("silent", MsFlags::MS_SILENT, true),
    ("strictatime", MsFlags::MS_STRICTATIME, true),
    ("suid", MsFlags::MS_NOSUID, false),
    ("sync", MsFlags::MS_SYNCHRONOUS, true),
];

/// Options that say who may mount and when: nobody but this program needs to know them.
const FOR_FSTAB: &[&str] =
    &["", "auto", "defaults", "noauto", "nouser", "user", "users", "group", "owner", "_netdev"];

impl Options {
    /// Adds a list with commas between its options; later ones win.
    pub fn add(&mut self, list: &str) {
        for option in list.split(',') {
            self.add_one(option);
        }
    }

    fn add_one(&mut self, option: &str) {
        if let Some((_, flag, set)) = FLAGS.iter().find(|(name, ..)| *name == option) {
            self.flags.0.set(*flag, *set);
        } else if let Some(kind) = propagation(option) {
            self.propagation = Some(kind);
        } else if option == "loop" {
            self.loop_device = Some(None);
        } else if let Some(device) = option.strip_prefix("loop=") {
            self.loop_device = Some(Some(device.to_owned()));
        } else if let Some(offset) = number(option, "offset=") {
            self.offset = offset;
        } else if let Some(limit) = number(option, "sizelimit=") {
            self.size_limit = limit;
        } else if option == "nofail" {
            self.no_fail = true;
        } else if !FOR_FSTAB.contains(&option)
            && !option.starts_with("x-")
            && !option.starts_with("comment=")
        {
            if !self.data.is_empty() {
                self.data.push(',');
            }
            self.data.push_str(option);
        }
    }

    /// Has this flag been set?
    pub fn has(&self, flag: MsFlags) -> bool {
        self.flags.0.contains(flag)
    }
}

fn number(option: &str, name: &str) -> Option<u64> {
    option.strip_prefix(name)?.parse().ok()
}

/// `shared`, `rprivate` and their like, with or without `make-`.
fn propagation(option: &str) -> Option<MsFlags> {
    let kind = option.strip_prefix("make-").unwrap_or(option);
    let (kind, below) = match kind.strip_prefix('r') {
        Some(kind) => (kind, MsFlags::MS_REC),
        None => (kind, MsFlags::empty()),
    };
    let flag = match kind {
        "shared" => MsFlags::MS_SHARED,
        "slave" => MsFlags::MS_SLAVE,
        "private" => MsFlags::MS_PRIVATE,
        "unbindable" => MsFlags::MS_UNBINDABLE,
        _ => return None,
    };
    Some(flag | below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_go_where_they_belong() {
        let mut options = Options::default();
        options.add("defaults,ro,nosuid,size=1m,noauto,x-systemd.automount,mode=755,rw");
        assert_eq!(options.flags.0, MsFlags::MS_NOSUID);
        assert_eq!(options.data, "size=1m,mode=755");
        options.add("rbind,rslave,loop=/dev/loop3,offset=512");
        assert!(options.has(MsFlags::MS_BIND | MsFlags::MS_REC));
        assert_eq!(options.propagation, Some(MsFlags::MS_SLAVE | MsFlags::MS_REC));
        assert_eq!(options.loop_device, Some(Some("/dev/loop3".into())));
        assert_eq!(options.offset, 512);
    }
}
