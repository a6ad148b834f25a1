//! Running out of descriptors. Alone in its process, whose limit it changes.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use ifcast::interfaces::Enumerator;
use ifcast::{Error, Lan, To};
use ifcast_netlab::Lab;
use ifcast_tests::Judge;
use nix::libc::EMFILE;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

const PORT: u16 = 2222;

#[test]
fn at_the_descriptor_limit_errors_are_typed_and_what_is_open_goes_on() {
    let lab = Lab::new();
    let segments = [lab.segment(), lab.segment()];
    let (host, neighbour) = (lab.host("host"), lab.host("neighbour"));
    segments[0].attach(&host, "lan0", &["10.71.0.1/24", "fe80::71:1/64"]);
    segments[1].attach(&host, "lan1", &["10.71.1.1/24", "fe80::72:1/64"]);
    let end = segments[0].attach(&neighbour, "lan0", &["10.71.0.2/24"]);
    let judge = Judge::listen(&end, PORT, &[]);
    let mut open = host.run(|| Lan::builder().port(PORT).build()).unwrap();

    let refused = host.run(|| {
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let first_free = next_descriptor();
        let mut refused = 0;
        for more in 0.. {
            setrlimit(Resource::RLIMIT_NOFILE, first_free + more, hard).unwrap();
            // One asks for interfaces, and one which of them are wireless.
            assert_eq!(Enumerator::new().is_ok(), more >= 2);
            let result = Lan::builder().build();
            setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
            match result {
                Ok(lan) if lan.failures().is_empty() => break,
                Ok(lan) => {
                    assert!(lan.sockets().count() > 0);
                    lan.failures().iter().for_each(assert_names_the_limit);
                }
                Err(error) => assert_names_the_limit(&error),
            }
            refused += 1;
        }
        refused
    });
    // For listing, for waiting, and one for each of four sockets.
    assert!(refused >= 5, "{refused}");

    let report = host.run(|| open.send(b"still here", To::AllHosts).sent());
    assert_eq!(report, 2);
    assert_eq!(judge.hear(1)[0].0, b"still here");
}

fn assert_names_the_limit(error: &Error) {
    let source = match error {
        Error::Interfaces(ifcast::interfaces::Error::List { source }) | Error::Loop { source } => {
            source.raw_os_error()
        }
        Error::Socket(error @ ifcast::socket::Error::Open { scope, .. }) => {
            assert!(error.to_string().contains(&scope.to_string()), "{error}");
            error.raw_os_error()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(source, Some(EMFILE), "{error}");
}

/// The number that the next descriptor will get.
fn next_descriptor() -> u64 {
    let next = io::stdin().as_fd().try_clone_to_owned().unwrap();
    u64::try_from(next.as_raw_fd()).unwrap()
}
