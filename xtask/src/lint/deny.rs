// SPDX-License-Identifier: MIT OR Apache-2.0
//! cargo-deny over all workspaces, in the version named here.

use super::succeed;
use crate::context::Context;
use crate::steps::crates;
use crate::tools::Tool;
use anyhow::Result;
use std::process::Command;

const CARGO_DENY: Tool =
    Tool { name: "cargo-deny", version: "0.20.2", options: &["--debug", "--no-default-features"] };

/// Licences, sources and bans of all crates, as `deny.toml` says. Advisories are left out: their
/// database is not part of the build's inputs.
pub fn check(context: &Context) -> Result<()> {
    let tool = CARGO_DENY.program(context)?;
    // Cargo reads the guest's workspace only with its patched crates in place.
    context.require_packages(&["lint"])?;
    crates::publish(context)?;
    for manifest in ["Cargo.toml", "userland/Cargo.toml", "fuzz/Cargo.toml"] {
        let manifest = context.workspace.root.join(manifest);
        if manifest.is_file() {
            let mut command = Command::new(&tool);
            command.arg("--manifest-path").arg(manifest).args(["--locked", "--log-level", "warn"]);
            command.arg("--config").arg(context.workspace.root.join("deny.toml"));
            command.args(["check", "--hide-inclusion-graph", "licenses", "bans", "sources"]);
            succeed(&mut command, "mend what cargo-deny names above, or deny.toml with a reason")?;
        }
    }
    Ok(())
}
