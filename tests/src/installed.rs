//! Whether other people's programs are there.

use std::io::{self, Write};
use std::path::PathBuf;
use std::{env, thread};

/// Whether a program is there. One line on standard error says what is skipped
/// because it is not.
///
/// # Panics
/// If it is not, and `IFCAST_REQUIRE_PEERS` is set.
#[must_use]
#[track_caller]
pub fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    if folders.any(|folder| folder.join(program).is_file()) {
        return true;
    }
    let package = package(program);
    skip(&format!(
        "{program} is not installed (Debian's package {package})"
    ));
    false
}

/// Says on standard error that the test is skipped, and why.
///
/// # Panics
/// If `IFCAST_REQUIRE_PEERS` is set.
#[track_caller]
#[expect(
    clippy::explicit_write,
    reason = "of a test that passes, what `eprintln` prints is hidden"
)]
pub fn skip(why: &str) {
    assert!(env::var_os("IFCAST_REQUIRE_PEERS").is_none(), "{why}");
    let test = thread::current().name().unwrap_or("a test").to_owned();
    writeln!(io::stderr(), "{test} is skipped: {why}").unwrap();
}

/// What Debian's package of a program is called.
fn package(program: &str) -> &str {
    match program {
        "smcrouted" => "smcroute",
        "asmping" => "ssmping",
        "nft" => "nftables",
        itself => itself,
    }
}
