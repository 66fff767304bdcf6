// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's own selftests, compiled for the guest from the fetched source, as `tests/kselftest/`
//! lists them. Nothing of them is changed: a header of ours is included before each.

use super::kernel::{prepare_source, source_key};
use super::sysroot::Musl;
use crate::context::{Context, Step};
use crate::job::Job;
use crate::key::KeyBuilder;
use crate::workspace::make_folder;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// `bin/COLLECTION/PROGRAM`, `files/` with the sources' folders, and `candidates`: all that there is.
pub struct Selftests;

impl Step for Selftests {
    fn name(&self) -> String {
        "kselftest".into()
    }

    fn key(&self, context: &Context, key: &mut KeyBuilder) -> Result<()> {
        key.text(&context.key(&Musl)?);
        source_key(context, key)?;
        let folder = context.workspace.root.join("tests/kselftest");
        key.tree(&folder.join("include"))?;
        ["programs", "compat.h"].iter().try_for_each(|name| key.file(&folder.join(name)))
    }

    fn needs(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Musl)]
    }

    fn build(&self, context: &Context, job: &Job) -> Result<()> {
        let cc = context.ensure(&Musl)?.join("bin/cc");
        let source = prepare_source(context, job)?.join("tools/testing/selftests");
        let ours = context.workspace.root.join("tests/kselftest");
        let list = ours.join("programs");
        let text =
            fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            // What follows is for running it.
            let mut words = line.split_whitespace().take_while(|word| *word != "--");
            let Some(program) = words.next() else { continue };
            let (collection, name) = program
                .rsplit_once('/')
                .with_context(|| format!("{}: `{program}` names no folder", list.display()))?;
            let folder = job.out.join("bin").join(collection);
            make_folder(&folder)?;
            let mut compile = Command::new(&cc);
            compile.current_dir(source.join(collection));
            compile.args(["-O2", "-w", "-D_GNU_SOURCE=", "-include"]).arg(ours.join("compat.h"));
            compile.arg(format!("-I{}", source.display()));
            compile.arg(format!("-I{}", ours.join("include").display()));
            compile.arg(format!("{name}.c")).args(words).arg("-o").arg(folder.join(name));
            job.say(program);
            job.run(compile.args(["-lpthread", "-lrt", "-lm"])).with_context(|| {
                let left_out = ours.join("left-out");
                format!("{program}: if it cannot be built, say so in {}", left_out.display())
            })?;
        }
        let mut names = String::new();
        for candidate in candidates(&source)? {
            names += &candidate;
            names.push('\n');
        }
        fs::write(job.out.join("candidates"), names).context("cannot write the candidates")?;
        // What a test of exec reads.
        fs::copy(source.join("exec/Makefile"), job.out.join("exec-makefile"))
            .map(drop)
            .context("cannot copy the makefile of exec")
    }
}

/// Every program in C that the selftests have, by its folder and name.
fn candidates(source: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in walkdir::WalkDir::new(source) {
        let entry = entry.with_context(|| format!("cannot read {}", source.display()))?;
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "c") {
            continue;
        }
        let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = String::from_utf8_lossy(&text);
        if is_program(&text)
            && let Ok(name) = path.with_extension("").strip_prefix(source)
        {
            found.insert(name.display().to_string());
        }
    }
    Ok(found)
}

fn is_program(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start_matches("static ").trim_start();
        line.starts_with("TEST_HARNESS_MAIN")
            || line.starts_with("int main(")
            || line.starts_with("int main (")
            || line.starts_with("void main(")
            || line.starts_with("main(")
    })
}

#[cfg(test)]
mod tests {
    use super::is_program;

    #[test]
    fn programs_are_told_from_their_parts() {
        assert!(is_program("/* x */\nint main(int argc, char **argv)\n{\n"));
        assert!(is_program("TEST(x)\n{\n}\nTEST_HARNESS_MAIN\n"));
        assert!(!is_program("int helper(void)\n{\n\treturn main_loop();\n}\n"));
    }
}
