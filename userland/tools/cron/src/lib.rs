// SPDX-License-Identifier: MIT OR Apache-2.0
//! `crond` runs commands at set times, `crontab` gives each user a table of them.
//!
//! Tables are crontab(5)'s: `table` reads their lines, `schedule` knows when one is due. crond looks once a
//! minute whether a table has changed, so nobody has to tell it.

#![forbid(unsafe_code)]

mod crond;
mod crontab;
mod schedule;
mod table;

pub use crond::crond;
pub use crontab::crontab;

/// The folder of the tables: a file for each user.
const FOLDER: &str = "/var/spool/cron/crontabs";
