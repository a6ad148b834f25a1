//! Running out of descriptors. One test at a time, and alone in its process, whose limit
//! it changes.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Mutex;
use std::time::Duration;

use ifcast::interfaces::Enumerator;
use ifcast::multicast::{self, MulticastSocket, SourceFilter};
use ifcast::socket::BoundSocket;
use ifcast::{AsyncLan, Change, Class, Error, Event, Family, Group, Lan, Sockets, To};
use ifcast_netlab::Lab;
use ifcast_tests::{Ear, Judge, interface, socket_on, wait_until};
use nix::libc::EMFILE;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

const PORT: u16 = 2222;

static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn at_the_descriptor_limit_errors_are_typed_and_what_is_open_goes_on() {
    let _alone = ALONE.lock().unwrap();
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

#[test]
fn an_interface_that_appears_at_the_limit_is_degraded_and_recovers_and_the_others_go_on() {
    let _alone = ALONE.lock().unwrap();
    for sockets in [Sockets::PerInterface, Sockets::Shared] {
        let lab = Lab::new();
        let segments = [lab.segment(), lab.segment()];
        let (host, neighbour) = (lab.host("host"), lab.host("neighbour"));
        segments[0].attach(&host, "lan0", &["10.71.0.1/24"]);
        let ends = [0, 1].map(|i| {
            segments[i].attach(
                &neighbour,
                &format!("end{i}"),
                &[&format!("10.71.{i}.2/24")],
            )
        });
        let group: Group = "239.71.7.7".parse().unwrap();
        let builder = Lan::builder().port(PORT).sockets(sockets).join(group);
        let builder = builder.families(&[Family::V4]);
        let mut lan = host.run(|| builder.build()).unwrap();
        let speakers = ends.each_ref().map(|end| socket_on(end, Family::V4));
        segments[1].attach(&host, "lan1", &["10.71.1.1/24"]);

        let mut said = Vec::new();
        let mut poll = |lan: &mut Lan| {
            let mut heard = Vec::new();
            lan.poll(Some(Duration::from_millis(20)), |event| match event {
                Event::Datagram(datagram) => heard.push(datagram.interface().name().to_string()),
                Event::Degraded { interface, error } => {
                    assert_eq!(error.class(), Class::Limit, "{error}");
                    said.push(format!("{} degraded", interface.name()));
                }
                Event::Recovered { interface } => {
                    said.push(format!("{} recovered", interface.name()));
                }
                Event::InterfaceJoined { .. } | Event::Membership { .. } => {}
                event => panic!("{event:?}"),
            })
            .unwrap();
            said.dedup(); // it is tried again
            (heard, said.clone())
        };
        host.run(|| {
            let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
            setrlimit(Resource::RLIMIT_NOFILE, next_descriptor(), hard).unwrap();
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                if sockets == Sockets::PerInterface {
                    wait_until("it is degraded", || poll(&mut lan).1 == ["lan1 degraded"]);
                } else {
                    // It needs none.
                    wait_until("it has joined", || {
                        poll(&mut lan);
                        lan.interfaces().count() == 2
                    });
                }
                speakers[0].send(b"hello", group.socket_addr(PORT)).unwrap();
                wait_until("the other is heard", || poll(&mut lan).0 == ["lan0"]);
            }));
            setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
            result.unwrap();
            if sockets == Sockets::PerInterface {
                wait_until("it has recovered", || {
                    poll(&mut lan).1 == ["lan1 degraded", "lan1 recovered"]
                });
            }
            speakers[1].send(b"hello", group.socket_addr(PORT)).unwrap();
            wait_until("it is heard", || poll(&mut lan).0 == ["lan1"]);
        });
        assert!(
            lan.status()
                .interfaces
                .iter()
                .all(|of| of.troubles.is_empty())
        );
    }
}

#[test]
fn memberships_that_find_no_descriptor_say_so_and_leave_nothing_behind() {
    let _alone = ALONE.lock().unwrap();
    let lab = Lab::new();
    let segment = lab.segment();
    let (host, neighbour) = (lab.host("host"), lab.host("neighbour"));
    let near = segment.attach(&host, "lan0", &["10.71.0.1/24"]);
    let far = segment.attach(&neighbour, "lan0", &["10.71.0.2/24"]);
    let (ours, theirs) = (interface(&near), interface(&far));
    let speaker = neighbour.run(|| BoundSocket::builder(&theirs, Family::V4).bind());
    let speaker = speaker.unwrap();
    let mut socket = host
        .run(|| MulticastSocket::bind(&ours, Family::V4, PORT))
        .unwrap();
    let group = |number: usize| format!("239.71.7.{number}").parse::<Group>().unwrap();
    let sources = (1..=30).map(|number| IpAddr::from([10, 71, 0, number]));
    let many = SourceFilter::Include(sources.collect());
    let limit = host.read_sysctl("net/ipv4/igmp_max_memberships");
    let limit: usize = limit.trim().parse().unwrap();
    host.run(|| {
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let with = |descriptors: u64, work: &mut dyn FnMut() -> Result<(), multicast::Error>| {
            let first_free = next_descriptor();
            setrlimit(Resource::RLIMIT_NOFILE, first_free + descriptors, hard).unwrap();
            let result = work();
            setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
            let before = next_descriptor();
            let error = result.err().map(|error| error.to_string());
            (error, before - first_free)
        };
        for number in 1..=limit {
            socket.join(group(number)).unwrap();
        }
        let refused = |(error, more): (Option<String>, u64)| {
            let error = error.unwrap();
            assert!(error.contains("on lan0"), "{error}");
            let code = io::Error::from_raw_os_error(EMFILE).to_string();
            assert!(error.contains(&code), "{error}");
            assert_eq!(more, 0, "descriptors that are not needed");
        };
        refused(with(0, &mut || socket.join(group(100))));
        for descriptors in 0..3 {
            refused(with(descriptors, &mut || {
                socket.set_filter(group(100), many.clone())
            }));
            // Of one that has joined and is changed, all stays as it was.
            refused(with(descriptors, &mut || {
                socket.set_filter(group(1), many.clone())
            }));
        }
        assert!(socket.groups().eq((1..=limit).map(group)));
        assert_eq!(socket.kernel_filter(group(1)).unwrap(), SourceFilter::any());
        assert_eq!(
            with(3, &mut || socket.set_filter(group(1), many.clone())),
            (None, 3)
        );
        socket.leave(group(1)).unwrap();
        socket.join(group(1)).unwrap();
    });
    // Nothing comes that only others have joined.
    let other = host.run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
    let index = socket2::InterfaceIndexOrAddress::Index(near.index());
    let theirs = socket2::SockRef::from(&other);
    theirs
        .join_multicast_v4_n(&[239, 71, 7, 200].into(), &index)
        .unwrap();
    for number in (1..=limit).chain([200]) {
        let to = group(number).socket_addr(PORT);
        speaker.send(b"hello", to).unwrap();
    }
    let mut ear = Ear::to(socket);
    assert_eq!(ear.hear(limit).len(), limit);
    ear.assert_silent();
    assert_eq!(ear.socket().socket().counters().unwanted, 0);
}

#[test]
fn a_lan_on_tokio_needs_a_descriptor_more_and_gives_all_back() {
    let _alone = ALONE.lock().unwrap();
    let lab = Lab::new();
    let host = lab.host("host");
    let near = lab.segment().attach(&host, "lan0", &["10.71.0.1/24"]);
    host.run(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let _inside = runtime.enter();
        let before = descriptors();
        let lan = Lan::builder().port(PORT).build().unwrap();
        let of_a_lan = descriptors() - before;
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, next_descriptor(), hard).unwrap();
        let refused = AsyncLan::new(lan);
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
        assert_names_the_limit(&refused.unwrap_err());
        assert_eq!(descriptors(), before);

        let lan = Lan::builder().port(PORT).build_async().unwrap();
        assert_eq!(descriptors() - before, of_a_lan + 1);
        near.plug(false);
        let change = runtime.block_on(lan.next_change()).unwrap();
        assert!(matches!(change, Change::InterfaceLeft { .. }), "{change:?}");
        drop(lan);
        assert_eq!(descriptors(), before);
    });
}

/// How many descriptors are open.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
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
    assert_eq!(error.class(), Class::Limit, "{error}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("ulimit -n"), "{hint}");
    assert!(error.to_string().ends_with(hint), "{error}");
}

/// The number that the next descriptor will get.
fn next_descriptor() -> u64 {
    let next = io::stdin().as_fd().try_clone_to_owned().unwrap();
    u64::try_from(next.as_raw_fd()).unwrap()
}
