//! What can happen, drawn at random.

#![forbid(unsafe_code)]

use ifcast_netlab::is_without_device_binding;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use crate::family::Family;
use crate::pinning::Pinning;
use crate::sys::faults::{Plan, ReceiveFault, SendFault};

/// Who sends what to whom, how, and what goes wrong meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) link: Link,
    pub(super) family: Family,
    pub(super) pinning: Pinning,
    pub(super) hops: Option<u8>,
    pub(super) fragments: bool,
    /// Whether the sender's socket could be shared by more interfaces.
    pub(super) sends_shared: bool,
    /// Of each receiver.
    pub(super) options: [Options; 2],
    /// Slots and bytes of the batches that they receive into by turns.
    pub(super) rooms: Vec<(usize, usize)>,
    pub(super) turns: Vec<Turn>,
    pub(super) plan: Plan,
}

/// What lies between the hosts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Link {
    /// It takes what is to be split as it is, and the receiver's kernel splits it,
    /// or has the receiver do so.
    Cable,
    /// It does not, so that the sender's kernel splits it.
    Segment,
}

/// What a receiver is asked to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) coalesce: bool,
    pub(super) receive_hops: bool,
    /// Whether its socket could be shared by more interfaces.
    pub(super) is_shared: bool,
}

/// What is sent before anything is received.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) way: Way,
    /// Whether the payloads lie so in memory.
    pub(super) side_by_side: bool,
    runs: Vec<Run>,
}

/// How datagrams are sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Batch {
        max_burst: usize,
    },
    OneByOne,
    FromChosenSource,
    /// The first of the payloads to all destinations.
    FanOut {
        from_chosen_source: bool,
    },
}

/// Datagrams of one size to one destination, and perhaps one of another size.
#[derive(Clone, Debug)]
struct Run {
    destination: usize,
    receiver: usize,
    size: usize,
    count: usize,
    last: Option<usize>,
}

/// One datagram to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Which of the destinations of the LAN.
    pub(super) destination: usize,
    pub(super) receiver: usize,
    pub(super) size: usize,
}

impl Way {
    /// How many datagrams may leave as one message.
    pub(super) const fn longest_burst(self) -> usize {
        match self {
            Self::Batch { max_burst } => max_burst,
            Self::OneByOne | Self::FromChosenSource | Self::FanOut { .. } => 1,
        }
    }
}

impl Turn {
    /// As many of the datagrams as the kernel keeps for a receiver who is late.
    pub(super) fn shapes(&self, mut room: usize) -> Vec<Shape> {
        let first = self.runs.first().map(|run| run.size);
        let size = first.filter(|_| matches!(self.way, Way::FanOut { .. }));
        let shapes = self.runs.iter().flat_map(Run::shapes).map(|shape| Shape {
            size: size.unwrap_or(shape.size),
            ..shape
        });
        shapes
            .take_while(|shape| {
                let cost = KEEPING + 2 * shape.size;
                let fits = cost <= room;
                room = room.saturating_sub(cost);
                fits
            })
            .collect()
    }
}

impl Run {
    fn shapes(&self) -> impl Iterator<Item = Shape> {
        let sizes = std::iter::repeat_n(self.size, self.count).chain(self.last);
        sizes.map(|size| Shape {
            destination: self.destination,
            receiver: self.receiver,
            size,
        })
    }
}

/// Those that there are.
fn pinnings() -> &'static [Pinning] {
    const ALL: [Pinning; 2] = [Pinning::Device, Pinning::AddressFree];
    &ALL[usize::from(is_without_device_binding())..]
}

pub(super) fn scenarios() -> impl Strategy<Value = Scenario> {
    let link = prop_oneof![2 => Just(Link::Cable), 1 => Just(Link::Segment)];
    let first = (
        link,
        select(&Family::ALL),
        select(pinnings()),
        option::of(1..=255_u8),
        any::<[bool; 2]>(),
        [options(), options()],
    );
    let second = (vec(room(), 1..=2), vec(turn(), 1..=4), plan());
    (first, second).prop_map(
        |((link, family, pinning, hops, flags, options), (rooms, turns, plan))| {
            let [fragments, sends_shared] = flags;
            Scenario {
                link,
                family,
                pinning,
                hops,
                fragments,
                sends_shared,
                options,
                rooms,
                turns,
                plan,
            }
        },
    )
}

fn options() -> impl Strategy<Value = Options> {
    any::<[bool; 3]>().prop_map(|[coalesce, receive_hops, is_shared]| Options {
        coalesce,
        receive_hops,
        is_shared,
    })
}

fn room() -> impl Strategy<Value = (usize, usize)> {
    let len = prop_oneof![
        3 => Just(65_535),
        1 => select(&[0, 1, 100, 1472, 2048, 9000]),
    ];
    (1..=64_usize, len)
}

fn turn() -> impl Strategy<Value = Turn> {
    let way = prop_oneof![
        6 => (1..=64_usize).prop_map(|max_burst| Way::Batch { max_burst }),
        1 => Just(Way::OneByOne),
        1 => Just(Way::FromChosenSource),
        2 => any::<bool>().prop_map(|from_chosen_source| Way::FanOut { from_chosen_source }),
    ];
    (way, any::<bool>(), vec(run(), 0..10)).prop_map(|(way, side_by_side, runs)| Turn {
        way,
        side_by_side,
        runs,
    })
}

fn run() -> impl Strategy<Value = Run> {
    let count = prop_oneof![2 => Just(1), 2 => 2..5_usize, 1 => 5..150_usize];
    let last = option::of(size());
    (0..DESTINATIONS, 0..2_usize, size(), count, last).prop_map(
        |(destination, receiver, size, count, last)| Run {
            destination,
            receiver,
            size,
            count,
            last,
        },
    )
}

/// Mostly around what a packet holds over IPv6 and IPv4, else anything up to what
/// cannot be sent at all.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        3 => 0..10_usize,
        3 => 10..1452_usize,
        2 => select(&[1452, 1453, 1472, 1473]),
        1 => 1475..9000_usize,
        1 => select(&[40_000, 65_487, 65_507, 65_508, 65_527, 65_528]),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    (vec(send_fault(), 0..30), vec(receive_fault(), 0..30)).prop_map(|(sending, receiving)| Plan {
        sending: sending.into(),
        receiving: receiving.into(),
    })
}

fn send_fault() -> impl Strategy<Value = SendFault> {
    let errno = select(&[libc::EIO, libc::EINVAL, libc::EMSGSIZE]);
    prop_oneof![
        4 => Just(SendFault::None),
        2 => Just(SendFault::Interrupted),
        2 => (0..64_usize).prop_map(SendFault::Partial),
        1 => (0..64_usize).prop_map(SendFault::Full),
        1 => (0..64_usize).prop_map(SendFault::Forbidden),
        2 => errno.prop_map(SendFault::Unsplit),
    ]
}

fn receive_fault() -> impl Strategy<Value = ReceiveFault> {
    let cut = (any::<u64>(), 0..100_usize);
    prop_oneof![
        4 => Just(ReceiveFault::None),
        2 => Just(ReceiveFault::Interrupted),
        1 => Just(ReceiveFault::Refused),
        2 => cut.prop_map(|(slots, room)| ReceiveFault::Cut { slots, room }),
    ]
}

/// Of each family.
pub(super) const DESTINATIONS: usize = 8;

/// What the kernel takes at most for keeping a datagram, beside twice its size.
const KEEPING: usize = 1024;
