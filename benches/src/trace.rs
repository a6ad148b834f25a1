//! Counts the system calls of a call, with strace.
//!
//! The program runs itself once more under strace and makes one call of each
//! contender between marks: file names that nothing has, asked for.

use std::collections::HashMap;
use std::process::Command;
use std::{env, fs, io};

use crate::method::Method;

/// What a call is marked with: no two have the same.
pub(crate) fn mark(task: &str, n: usize, method: Method) -> String {
    format!("{task}, N = {n}: {method}")
}

/// Marks where the call of `name` begins.
pub(crate) fn begin(name: &str) {
    let _ = fs::metadata(format!("{BEGIN}{name}"));
}

/// Marks where a call ends.
pub(crate) fn end() {
    let _ = fs::metadata(END);
}

/// How many system calls are between the marks of each name when this program
/// runs with these arguments.
///
/// # Errors
/// `NotFound` where strace is not installed; others where it may not trace, or
/// the program fails under it.
pub(crate) fn system_calls(arguments: &[String]) -> io::Result<HashMap<String, usize>> {
    let output = Command::new("strace")
        .args(["-f", "-qq", "-s", "256", "-o", "/dev/fd/1", "--"])
        .arg(env::current_exe()?)
        .args(arguments)
        .output()?;
    if output.status.success() {
        Ok(between_marks(&String::from_utf8_lossy(&output.stdout)))
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!("strace: {}", said.trim())))
    }
}

fn between_marks(trace: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    let mut current: Option<&str> = None;
    for line in trace.lines() {
        if let Some((_, rest)) = line.split_once(BEGIN) {
            current = rest.split('"').next();
            counts.extend(current.map(|name| (name.to_owned(), 0)));
        } else if line.contains(END) {
            current = None;
        } else if let Some(count) = current.and_then(|name| counts.get_mut(name)) {
            *count += usize::from(is_call(line));
        }
    }
    counts
}

/// A line is a call, or the rest of one, or a signal, or an exit; where the
/// clock is read by a system call, that is our own doing.
fn is_call(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    line.starts_with(|c: char| c.is_ascii_lowercase()) && !line.starts_with("clock_gettime")
}

const BEGIN: &str = "/ifcast-benches/begin/";
const END: &str = "/ifcast-benches/end";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_between_marks_are_counted_and_nothing_else() {
        let trace = r#"7 socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3
7 statx(AT_FDCWD, "/ifcast-benches/begin/a dump", AT_STATX_SYNC_AS_STAT, STATX_ALL, 0x7) = -1 ENOENT
7 sendto(3, [[{nlmsg_len=32}], 32, 0, NULL, 0) = 32
7 recvfrom(3,  <unfinished ...>
8 --- SIGCHLD {si_signo=SIGCHLD} ---
7 <... recvfrom resumed>[{nlmsg_len=20}], 32768, 0, NULL, NULL) = 20
7 clock_gettime(CLOCK_MONOTONIC, {tv_sec=1, tv_nsec=2}) = 0
7 statx(AT_FDCWD, "/ifcast-benches/end", AT_STATX_SYNC_AS_STAT, STATX_ALL, 0x7) = -1 ENOENT
7 close(3) = 0
7 statx(AT_FDCWD, "/ifcast-benches/begin/a look", AT_STATX_SYNC_AS_STAT, STATX_ALL, 0x7) = -1 ENOENT
7 statx(AT_FDCWD, "/ifcast-benches/end", AT_STATX_SYNC_AS_STAT, STATX_ALL, 0x7) = -1 ENOENT
"#;
        let expected = [("a dump".to_owned(), 2), ("a look".to_owned(), 0)];
        assert_eq!(between_marks(trace), HashMap::from(expected));
    }
}
