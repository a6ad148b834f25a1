//! Says why there is no lab, and what to do about it.

use std::fmt::Write;
use std::{fs, io};

/// A system call on the way into a private network namespace that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) step: Step,
    pub(super) errno: i32,
}

impl Refusal {
    /// Takes the reason from `errno`; allocates nothing.
    pub(super) fn now(step: Step) -> Self {
        let errno = io::Error::last_os_error().raw_os_error().unwrap_or(0);
        Self { step, errno }
    }
}

/// What was attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Initializer,
    Rehearse,
    Unshare,
    Setgroups,
    UserMap,
    GroupMap,
    Loopback,
}

impl Step {
    const ALL: [Self; 7] = [
        Self::Initializer,
        Self::Rehearse,
        Self::Unshare,
        Self::Setgroups,
        Self::UserMap,
        Self::GroupMap,
        Self::Loopback,
    ];

    /// A positive number that fits through a pipe and into an atomic.
    pub(super) fn number(self) -> i32 {
        self as i32 + 1
    }

    pub(super) fn from_number(number: i32) -> Self {
        Self::ALL
            .into_iter()
            .find(|step| step.number() == number)
            .unwrap_or(Self::Initializer)
    }

    fn attempted(self) -> &'static str {
        match self {
            Self::Initializer => "run netlab's initializer before main (.init_array)",
            Self::Rehearse => "start a child process that tries namespaces out",
            Self::Unshare => "unshare(CLONE_NEWUSER | CLONE_NEWNET)",
            Self::Setgroups => "write /proc/self/setgroups",
            Self::UserMap => "write /proc/self/uid_map",
            Self::GroupMap => "write /proc/self/gid_map",
            Self::Loopback => "take lo up in the new network namespace",
        }
    }
}

/// Turns a refusal into an error that a person can act on.
pub(super) fn error(refusal: Refusal) -> io::Error {
    let reason = io::Error::from_raw_os_error(refusal.errno);
    io::Error::new(
        reason.kind(),
        explain(refusal, |name| {
            let path = format!("/proc/sys/{}", name.replace('.', "/"));
            Some(fs::read_to_string(path).ok()?.trim().to_owned())
        }),
    )
}

/// Writes the explanation; `sysctl` reads a kernel setting.
fn explain(refusal: Refusal, sysctl: impl Fn(&str) -> Option<String>) -> String {
    let Refusal { step, errno } = refusal;
    let mut text = format!(
        "no private network namespace: could not {}",
        step.attempted()
    );
    if errno != 0 {
        let reason = io::Error::from_raw_os_error(errno);
        let _ = write!(text, ": {reason}");
    }
    let mut advised = false;
    for (name, bad, advice) in SETTINGS {
        if sysctl(name).as_deref() == Some(bad) {
            let _ = write!(text, "\n  {name} is {bad}: {advice}");
            advised = true;
        }
    }
    if !advised {
        text.push_str(match (step, errno) {
            (Step::Initializer, _) => {
                "\n  the program was linked without its .init_array, or runs under Miri"
            }
            (_, libc::ENOSPC | libc::EUSERS) => {
                "\n  too many namespaces, or more than 32 nested ones: raise user.max_user_namespaces and \
                 user.max_net_namespaces"
            }
            (_, libc::EPERM | libc::EACCES) => {
                "\n  a container's seccomp profile or a security module forbids it: run the container with \
                 --privileged or --security-opt seccomp=unconfined, or run the tests as root;\
                 \n  inside `unshare --user`, add --map-root-user"
            }
            (_, libc::EINVAL | libc::ENOSYS) => {
                "\n  the kernel was built without user or network namespaces (CONFIG_USER_NS, CONFIG_NET_NS)"
            }
            _ => "\n  run the tests as root, or where unprivileged user namespaces are allowed",
        });
    }
    text
}

/// Settings that forbid namespaces, the value that does, and the way out.
const SETTINGS: [(&str, &str, &str); 4] = [
    (
        "kernel.apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor (Ubuntu 23.10 and later) cripples unprivileged user namespaces; \
         `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or run the tests as root",
    ),
    (
        "kernel.unprivileged_userns_clone",
        "0",
        "Debian's switch is off; `sudo sysctl -w kernel.unprivileged_userns_clone=1`, or run the tests as root",
    ),
    (
        "user.max_user_namespaces",
        "0",
        "`sudo sysctl -w user.max_user_namespaces=10000`, or run the tests as root",
    ),
    (
        "user.max_net_namespaces",
        "0",
        "`sudo sysctl -w user.max_net_namespaces=10000`",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_survives_its_number() {
        for step in Step::ALL {
            assert_eq!(Step::from_number(step.number()), step);
        }
    }

    #[test]
    fn the_explanation_names_the_step_the_error_and_the_setting_to_change() {
        let refusal = Refusal {
            step: Step::UserMap,
            errno: libc::EPERM,
        };
        let text = explain(refusal, |name| {
            (name == "kernel.apparmor_restrict_unprivileged_userns").then(|| "1".to_owned())
        });
        assert!(text.contains("/proc/self/uid_map"), "{text}");
        assert!(text.contains("Operation not permitted"), "{text}");
        assert!(
            text.contains("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
            "{text}"
        );
    }

    #[test]
    fn without_a_setting_to_blame_the_error_decides_the_advice() {
        let advice = |errno| {
            explain(
                Refusal {
                    step: Step::Unshare,
                    errno,
                },
                |_| None,
            )
        };
        assert!(advice(libc::EPERM).contains("seccomp"));
        assert!(advice(libc::ENOSPC).contains("user.max_user_namespaces"));
        assert!(advice(libc::EINVAL).contains("CONFIG_USER_NS"));
    }
}
