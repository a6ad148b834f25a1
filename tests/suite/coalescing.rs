//! Datagrams that the kernel hands over several at a time.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use ifcast::socket::{BoundSocket, SendBatch, ToSend, Unwanted};
use ifcast::{Cast, Family, Metadata, RecvBatch};
use ifcast_netlab::{Host, Lab};
use ifcast_tests::interface;

const PATIENCE: Duration = Duration::from_secs(10);

/// A sender and a receiver on the loopback interface of a host, which passes on
/// what the kernel was to split as it is.
struct Loopback {
    _host: Host,
    sender: BoundSocket,
    receiver: BoundSocket,
}

impl Loopback {
    fn new(coalesce: bool) -> Self {
        let host = Lab::new().host("host");
        let lo = interface(&host.nic("lo"));
        let open = |coalesce| {
            let builder = BoundSocket::builder(&lo, Family::V4).coalesce(coalesce);
            let builder = builder.metadata(Metadata {
                hops: true,
                ..Metadata::default()
            });
            let builder = builder.receive_buffer(8 << 20);
            host.run(|| builder.bind()).unwrap()
        };
        let (sender, receiver) = (open(false), open(coalesce));
        Self {
            sender,
            receiver,
            _host: host,
        }
    }

    fn send(&self, payloads: &[Vec<u8>]) {
        let destination = SocketAddr::from((Ipv4Addr::LOCALHOST, self.receiver.port()));
        let datagrams: Vec<_> = payloads
            .iter()
            .map(|payload| ToSend {
                payload,
                destination,
            })
            .collect();
        let sent = self.sender.send_batch(&mut SendBatch::new(), &datagrams);
        assert!(sent.is_complete(), "{sent:?}");
    }

    /// What is received until there are so many, and how many came at most in
    /// one reading.
    #[track_caller]
    fn receive(&self, batch: &mut RecvBatch, count: usize) -> (Vec<Vec<u8>>, usize) {
        let (end, mut received, mut most) = (Instant::now() + PATIENCE, Vec::new(), 0);
        while received.len() < count {
            assert!(Instant::now() < end, "{} of {count}", received.len());
            let Ok(datagrams) = self.receiver.recv_batch(batch) else {
                continue;
            };
            most = most.max(datagrams.len());
            for datagram in datagrams {
                assert_eq!(datagram.cast(), Cast::Unicast);
                assert_eq!(datagram.source().port(), self.sender.port());
                assert_eq!(datagram.destination(), Ipv4Addr::LOCALHOST);
                assert_eq!(datagram.hops(), Some(64));
                assert!(!datagram.is_truncated());
                received.push(datagram.payload().to_vec());
            }
        }
        assert_eq!(received.len(), count);
        assert!(
            self.receiver.recv_batch(batch).is_err(),
            "something more came"
        );
        (received, most)
    }
}

/// Payloads of these sizes, each different from its neighbours.
fn payloads(sizes: impl IntoIterator<Item = usize>) -> Vec<Vec<u8>> {
    let numbered = sizes.into_iter().zip((0..=250).cycle());
    numbered.map(|(size, number)| vec![number; size]).collect()
}

#[test]
fn what_came_as_one_message_is_handed_over_as_the_datagrams_that_were_sent() {
    for coalesce in [true, false] {
        let loopback = Loopback::new(coalesce);
        let payloads = payloads([[1000; 50].as_slice(), &[7]].concat());
        loopback.send(&payloads);
        let mut one_slot = RecvBatch::with_capacity(1, 65_535);
        let (received, most) = loopback.receive(&mut one_slot, payloads.len());
        assert_eq!(received, payloads);
        assert_eq!(most, if coalesce { payloads.len() } else { 1 });
        let counters = loopback.receiver.counters();
        assert_eq!(counters.received, 51);
    }
}

#[test]
fn random_datagrams_are_the_same_whether_they_come_together_or_not() {
    for coalesce in [true, false] {
        let loopback = Loopback::new(coalesce);
        let mut batch = RecvBatch::new();
        for seed in 0..40 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut sizes = Vec::new();
            while sizes.len() < 200 {
                let size = random.choice([0, 1, 64, 512, 1472, 9000]).unwrap();
                sizes.extend(std::iter::repeat_n(size, random.usize(1..70)));
            }
            let payloads = payloads(sizes);
            loopback.send(&payloads);
            let (received, _) = loopback.receive(&mut batch, payloads.len());
            assert!(received == payloads, "seed {seed}");
        }
    }
}

#[test]
fn what_is_joined_is_judged_as_one_and_all_of_it_counts() {
    let loopback = Loopback::new(true);
    let mut batch = RecvBatch::new();
    for is_wanted in [true, false] {
        loopback.send(&payloads([100; 10]));
        let mut asked = 0;
        let receive = loopback.receiver.recv_batch_where(&mut batch, |_| {
            asked += 1;
            if is_wanted {
                Ok(())
            } else {
                Err(Unwanted::Source)
            }
        });
        let received = receive.unwrap();
        assert_eq!(received.len(), if is_wanted { 10 } else { 0 });
        assert_eq!(received.count(), if is_wanted { 10 } else { 0 });
        assert_eq!(asked, 1);
    }
    let counters = loopback.receiver.counters();
    assert_eq!((counters.received, counters.unwanted_source), (10, 10));
}

#[test]
fn where_the_slots_are_too_small_what_is_lost_is_counted() {
    for (slot, expected, lost) in [
        (5000, &[(1000, false); 5][..], 0),
        (2500, &[(1000, false), (1000, false), (500, true)], 2),
        (2000, &[(1000, false), (1000, false)], 3),
        (1000, &[(1000, false)], 4),
        (10, &[(10, true)], 4),
        (0, &[(0, true)], 4),
    ] {
        let loopback = Loopback::new(true);
        loopback.send(&payloads([1000; 5]));
        let mut small = RecvBatch::with_capacity(4, slot);
        let received = loopback.receiver.recv_batch(&mut small).unwrap();
        let received = received.map(|datagram| (datagram.payload().len(), datagram.is_truncated()));
        assert_eq!(received.collect::<Vec<_>>(), expected, "slots of {slot}");
        let counters = loopback.receiver.counters();
        let cut_off = expected.iter().filter(|(_, truncated)| *truncated).count();
        assert_eq!(counters.received, expected.len() as u64);
        assert_eq!(counters.truncated, cut_off as u64);
        assert_eq!(counters.without_room, lost);
    }
}
