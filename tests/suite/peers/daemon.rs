//! Running a daemon so that nothing of it leaves the lab.

use std::process::Command;

use ifcast_netlab::Host;
use ifcast_tests::{Program, is_installed, skip};

/// Gives a daemon a `/run` of its own with the files that are named before `--`,
/// which goes with it; what it would find there of the real machine (the system's
/// bus, its log, a daemon of the same name) is out of reach. There is a user
/// `avahi`, who is root, since in a user namespace nobody else need exist.
const CONFINE: &str = r#"
set -e
mount -t tmpfs tmpfs /run
while [ "$1" != -- ]; do printf '%s' "$2" > "/run/$1"; shift 2; done
shift
printf 'root:x:0:0::/:/bin/sh\navahi:x:0:0::/:/bin/false\n' > /run/passwd
printf 'root:x:0:\navahi:x:0:\n' > /run/group
for file in passwd group; do mount --bind "/run/$file" "/etc/$file"; done
if [ -d /etc/avahi ]; then mount -t tmpfs tmpfs /etc/avahi; fi
PATH=$PATH:/usr/sbin:/sbin
exec "$@"
"#;

/// Whether a daemon is there and can be confined, as [`is_installed`] says.
#[track_caller]
pub(crate) fn is_runnable(program: &str) -> bool {
    if !is_installed(program) {
        return false;
    }
    let arguments = ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/run"];
    let trial = Command::new("unshare").args(arguments).output().unwrap();
    if !trial.status.success() {
        let why = String::from_utf8_lossy(&trial.stderr);
        skip(&format!("{program} cannot be confined: {}", why.trim()));
    }
    trial.status.success()
}

/// Starts a daemon that stays in the foreground, with these files in its `/run`.
pub(crate) fn start(
    host: &Host,
    files: &[(&str, &str)],
    program: &str,
    arguments: &[&str],
) -> Program {
    let files = files.iter().flat_map(|&(name, content)| [name, content]);
    let all: Vec<_> = ["--mount", "sh", "-c", CONFINE, "sh"]
        .into_iter()
        .chain(files)
        .chain(["--", program])
        .chain(arguments.iter().copied())
        .collect();
    Program::start(host, "unshare", &all)
}
