//! Running a daemon so that nothing of it leaves the lab.

use ifcast_netlab::Host;
use ifcast_tests::Program;

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
