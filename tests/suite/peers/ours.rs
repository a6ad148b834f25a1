//! Our side of a port that is shared with other programs.

use std::thread;
use std::time::{Duration, Instant};

use ifcast::{Event, Group, Lan, Pinning, Sharing, Sockets};
use ifcast_netlab::Host;
use ifcast_tests::{Heard, pinnings};

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing must come to be taken for silence.
const SILENCE: Duration = Duration::from_millis(100);

/// Tests the ways of holding a port, all at once: most of it is waiting.
pub(crate) fn in_every_way(test: impl Fn((Sockets, Pinning)) + Sync) {
    thread::scope(|scope| {
        for way in ways() {
            let test = &test;
            scope.spawn(move || test(way));
        }
    });
}

/// The ways of holding a port on several interfaces.
fn ways() -> impl Iterator<Item = (Sockets, Pinning)> {
    let own = pinnings().map(|pinning| (Sockets::PerInterface, pinning));
    own.chain([(Sockets::Shared, Pinning::Automatic)])
}

/// The same, whoever was on the port first. That is one after the other, since
/// every case has a LAN of its own, and the kernel makes and removes one at a time.
pub(crate) fn in_every_way_and_order(test: impl Fn((Sockets, Pinning), Order) + Sync) {
    in_every_way(|way| {
        for order in [Order::TheyFirst, Order::WeFirst] {
            test(way, order);
        }
    });
}

/// Who was on the port first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    TheyFirst,
    WeFirst,
}

impl Order {
    /// Does in this order what they do and what we do.
    pub(crate) fn of<T, O>(self, they: impl FnOnce() -> T, we: impl FnOnce() -> O) -> (T, O) {
        match self {
            Self::TheyFirst => {
                let theirs = they();
                (theirs, we())
            }
            Self::WeFirst => {
                let ours = we();
                (they(), ours)
            }
        }
    }
}

/// A port of ours on all interfaces of a host, with groups.
#[derive(Debug)]
pub(crate) struct Ours {
    lan: Lan,
}

impl Ours {
    /// Opens it as `way` says, for sharing.
    #[track_caller]
    pub(crate) fn open(
        host: &Host,
        (sockets, pinning): (Sockets, Pinning),
        port: u16,
        groups: &[Group],
    ) -> Self {
        let mut builder = Lan::builder()
            .port(port)
            .sharing(Sharing::WithOthers)
            .sockets(sockets)
            .pinning(pinning);
        for &group in groups {
            builder = builder.join(group);
        }
        let lan = host.run(|| builder.build()).unwrap();
        assert!(lan.failures().is_empty(), "{lan:?}");
        Self { lan }
    }

    /// The next `count` datagrams that are `wanted`, which must come in time;
    /// others, of programs that speak when they please, do not count.
    #[track_caller]
    pub(crate) fn hear(&mut self, count: usize, wanted: impl Fn(&Heard) -> bool) -> Vec<Heard> {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = Vec::new();
        while heard.len() < count {
            let so_far = heard.len();
            assert!(Instant::now() < deadline, "heard {so_far} of {count}");
            heard.extend(self.poll().into_iter().filter(&wanted));
        }
        assert_eq!(heard.len(), count, "{heard:?}");
        heard
    }

    /// Fails if anything comes that is `wanted`.
    #[track_caller]
    pub(crate) fn assert_silent(&mut self, wanted: impl Fn(&Heard) -> bool) {
        let heard = self.poll();
        assert!(!heard.iter().any(wanted), "{heard:?}");
    }

    fn poll(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        let poll = self.lan.poll(Some(SILENCE), |event| match event {
            Event::Datagram(datagram) => heard.push(Heard::from(&*datagram)),
            event => panic!("{event:?}"),
        });
        poll.unwrap();
        heard
    }
}
