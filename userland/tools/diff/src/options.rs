// SPDX-License-Identifier: MIT OR Apache-2.0
//! diff's command line.

use std::ffi::OsString;

/// Prints what differs between two files, or between the files of two folders.
#[derive(clap::Parser)]
#[command(name = "diff", disable_help_flag = true)]
pub struct Options {
    /// With three lines around each change
    #[arg(short = 'u')]
    unified: bool,
    /// With so many lines around each change
    #[arg(short = 'U', long = "unified", num_args = 0..=1, require_equals = false, default_missing_value = "3", value_name = "LINES")]
    unified_lines: Option<usize>,
    /// In the older format with three lines around
    #[arg(short = 'c')]
    context: bool,
    /// In the older format with so many lines around
    #[arg(short = 'C', long = "context", num_args = 0..=1, default_missing_value = "3", value_name = "LINES")]
    context_lines: Option<usize>,
    /// As a script for ed
    #[arg(short = 'e', long)]
    pub ed: bool,
    /// Without lines around (this is what is done anyway)
    #[arg(long)]
    normal: bool,
    /// Say only that files differ
    #[arg(short = 'q', long)]
    pub brief: bool,
    /// Say that files are the same
    #[arg(short = 's', long)]
    pub report_identical_files: bool,
    /// Compare folders within folders, too
    #[arg(short = 'r', long)]
    pub recursive: bool,
    /// A missing file is an empty one
    #[arg(short = 'N', long)]
    pub new_file: bool,
    /// A file missing in the first folder is an empty one
    #[arg(short = 'P', long)]
    pub unidirectional_new_file: bool,
    /// All files are texts
    #[arg(short = 'a', long)]
    pub text: bool,
    /// Upper and lower case are the same
    #[arg(short = 'i', long)]
    pub ignore_case: bool,
    /// Any number of blanks is the same
    #[arg(short = 'b', long)]
    pub ignore_space_change: bool,
    /// Blanks do not count
    #[arg(short = 'w', long)]
    pub ignore_all_space: bool,
    /// Blanks at a line's end do not count
    #[arg(short = 'Z', long)]
    pub ignore_trailing_space: bool,
    /// Changes of empty lines do not count
    #[arg(short = 'B', long)]
    pub ignore_blank_lines: bool,
    /// Carriage returns at a line's end do not count
    #[arg(long = "strip-trailing-cr")]
    pub strip_cr: bool,
    /// Print tabs as blanks
    #[arg(short = 't', long)]
    pub expand_tabs: bool,
    /// Begin lines with a tab
    #[arg(short = 'T', long)]
    pub initial_tab: bool,
    /// A name for the head instead of the file's; twice for both
    #[arg(short = 'L', long)]
    pub label: Vec<OsString>,
    /// Leave files out whose names fit the pattern
    #[arg(short = 'x', long)]
    pub exclude: Vec<OsString>,
    /// In folders, begin with this file
    #[arg(short = 'S', long)]
    pub starting_file: Option<OsString>,
    /// Look harder for few changes (this is done anyway)
    #[arg(short = 'd', long)]
    minimal: bool,
    /// Print this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// Two files or folders, - for standard input
    #[arg(required = true, num_args = 2)]
    pub files: Vec<OsString>,
}

/// How changes are printed.
#[derive(Clone, Copy, PartialEq)]
pub enum Format {
    Normal,
    Unified(usize),
    Context(usize),
    Ed,
}

impl Options {
    pub fn format(&self) -> Format {
        if self.unified || self.unified_lines.is_some() {
            return Format::Unified(self.unified_lines.unwrap_or(3));
        }
        if self.context || self.context_lines.is_some() {
            return Format::Context(self.context_lines.unwrap_or(3));
        }
        if self.ed { Format::Ed } else { Format::Normal }
    }

    pub fn ignores_blanks(&self) -> bool {
        self.ignore_all_space || self.ignore_space_change || self.ignore_trailing_space
    }
}
