// SPDX-License-Identifier: MIT OR Apache-2.0
//! uutils coreutils as one program: every applet is a link to it, chosen by the name it is called by,
//! or by the first argument after `coreutils`.
//!
//! Talks to nobody but the applets. `coreutils --list` is how the image learns which links to make, so
//! the list and the table cannot differ.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::exit;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: ochre_allocator::Allocator = ochre_allocator::Allocator;

type Args = std::vec::IntoIter<OsString>;
type Applet = (&'static str, fn(Args) -> i32);

const APPLETS: &[Applet] = &[
    ("arch", uu_arch::uumain),
    ("b2sum", uu_b2sum::uumain),
    ("base32", uu_base32::uumain),
    ("base64", uu_base64::uumain),
    ("basename", uu_basename::uumain),
    ("basenc", uu_basenc::uumain),
    ("cat", uu_cat::uumain),
    ("chgrp", uu_chgrp::uumain),
    ("chmod", uu_chmod::uumain),
    ("chown", uu_chown::uumain),
    ("chroot", uu_chroot::uumain),
    ("cksum", uu_cksum::uumain),
    ("comm", uu_comm::uumain),
    ("cp", uu_cp::uumain),
    ("csplit", uu_csplit::uumain),
    ("cut", uu_cut::uumain),
    ("date", uu_date::uumain),
    ("dd", uu_dd::uumain),
    ("df", uu_df::uumain),
    ("dir", uu_dir::uumain),
    ("dircolors", uu_dircolors::uumain),
    ("dirname", uu_dirname::uumain),
    ("du", uu_du::uumain),
    ("echo", uu_echo::uumain),
    ("env", uu_env::uumain),
    ("expand", uu_expand::uumain),
    ("expr", uu_expr::uumain),
    ("factor", uu_factor::uumain),
    ("false", uu_false::uumain),
    ("fmt", uu_fmt::uumain),
    ("fold", uu_fold::uumain),
    ("groups", uu_groups::uumain),
    ("head", uu_head::uumain),
    ("hostid", uu_hostid::uumain),
    ("hostname", uu_hostname::uumain),
    ("id", uu_id::uumain),
    ("install", uu_install::uumain),
    ("join", uu_join::uumain),
    ("kill", uu_kill::uumain),
    ("link", uu_link::uumain),
    ("ln", uu_ln::uumain),
    ("logname", uu_logname::uumain),
    ("ls", uu_ls::uumain),
    ("md5sum", uu_md5sum::uumain),
    ("mkdir", uu_mkdir::uumain),
    ("mkfifo", uu_mkfifo::uumain),
    ("mknod", uu_mknod::uumain),
    ("mktemp", uu_mktemp::uumain),
    ("more", uu_more::uumain),
    ("mv", uu_mv::uumain),
    ("nice", uu_nice::uumain),
    ("nl", uu_nl::uumain),
    ("nohup", uu_nohup::uumain),
    ("nproc", uu_nproc::uumain),
    ("numfmt", uu_numfmt::uumain),
    ("od", uu_od::uumain),
    ("paste", uu_paste::uumain),
    ("pathchk", uu_pathchk::uumain),
    ("pinky", uu_pinky::uumain),
    ("pr", uu_pr::uumain),
    ("printenv", uu_printenv::uumain),
    ("printf", uu_printf::uumain),
    ("ptx", uu_ptx::uumain),
    ("pwd", uu_pwd::uumain),
    ("readlink", uu_readlink::uumain),
    ("realpath", uu_realpath::uumain),
    ("rm", uu_rm::uumain),
    ("rmdir", uu_rmdir::uumain),
    ("seq", uu_seq::uumain),
    ("sha1sum", uu_sha1sum::uumain),
    ("sha224sum", uu_sha224sum::uumain),
    ("sha256sum", uu_sha256sum::uumain),
    ("sha384sum", uu_sha384sum::uumain),
    ("sha512sum", uu_sha512sum::uumain),
    ("shred", uu_shred::uumain),
    ("shuf", uu_shuf::uumain),
    ("sleep", uu_sleep::uumain),
    ("sort", uu_sort::uumain),
    ("split", uu_split::uumain),
    ("stat", uu_stat::uumain),
    ("stty", uu_stty::uumain),
    ("sum", uu_sum::uumain),
    ("sync", uu_sync::uumain),
    ("tac", uu_tac::uumain),
    ("tail", uu_tail::uumain),
    ("tee", uu_tee::uumain),
    ("test", uu_test::uumain),
    ("[", uu_test::uumain),
    ("timeout", uu_timeout::uumain),
    ("touch", uu_touch::uumain),
    ("tr", uu_tr::uumain),
    ("true", uu_true::uumain),
    ("truncate", uu_truncate::uumain),
    ("tsort", uu_tsort::uumain),
    ("tty", uu_tty::uumain),
    ("uname", uu_uname::uumain),
    ("unexpand", uu_unexpand::uumain),
    ("uniq", uu_uniq::uumain),
    ("unlink", uu_unlink::uumain),
    ("uptime", uu_uptime::uumain),
    ("users", uu_users::uumain),
    ("vdir", uu_vdir::uumain),
    ("wc", uu_wc::uumain),
    ("who", uu_who::uumain),
    ("whoami", uu_whoami::uumain),
    ("yes", uu_yes::uumain),
];

fn main() {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let called = args.first().map(|arg| file_name(arg)).unwrap_or_default();
    if let Some(applet) = find(&called) {
        run(applet, args);
    }
    if args.len() < 2 {
        eprintln!("usage: coreutils APPLET [ARGUMENT...] | coreutils --list");
        exit(1);
    }
    args.remove(0);
    let name = args[0].to_string_lossy().into_owned();
    match find(&name) {
        Some(applet) => {
            uucore::set_utility_is_second_arg();
            run(applet, args)
        }
        None if name == "--list" => list(),
        None => {
            eprintln!("coreutils: no applet named {name}; see coreutils --list");
            exit(1);
        }
    }
}

fn file_name(path: &OsString) -> String {
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
    // A login shell's mark, which programs other than shells get at times.
    name.strip_prefix('-').unwrap_or(&name).to_owned()
}

fn find(name: &str) -> Option<&'static Applet> {
    APPLETS.iter().find(|(applet, _)| *applet == name)
}

fn list() -> ! {
    let mut out = std::io::stdout().lock();
    for (name, _) in APPLETS {
        if writeln!(out, "{name}").is_err() {
            exit(1);
        }
    }
    exit(0)
}

fn run((name, uumain): &Applet, args: Vec<OsString>) -> ! {
    // The names under which uucore keeps an applet's texts.
    let texts = match *name {
        "[" => "test",
        "dir" | "vdir" => "ls",
        name => name,
    };
    if let Err(error) = uucore::locale::setup_localization(texts) {
        eprintln!("{name}: cannot load texts: {error}");
        exit(99);
    }
    exit(uumain(args.into_iter()))
}
