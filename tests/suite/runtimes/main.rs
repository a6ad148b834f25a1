//! A LAN in programs that run on tokio, in tasks that come and go.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod messages;
mod tasks;
mod trouble;
mod waking;

use std::collections::BTreeMap;
use std::future::{self, Future};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use ifcast::socket::BoundSocket;
use ifcast::{AsyncLan, Family, Group, Lan, LanBuilder, Message, Sockets};
use ifcast_tests::{Star, ip, socket_on};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::{self, JoinHandle};
use tokio::time::timeout;
use tokio_stream::StreamExt;

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(50);
const WAYS: [Sockets; 2] = [Sockets::PerInterface, Sockets::Shared];
const GROUPS: [&str; 2] = ["239.71.7.7", "ff02::71:7"];
const EVERYBODY: &str = "255.255.255.255";

fn builder(sockets: Sockets) -> LanBuilder {
    let builder = Lan::builder()
        .port(PORT)
        .sockets(sockets)
        .receive_buffer(8 << 20);
    let groups = GROUPS.iter().map(|group| group.parse().unwrap());
    groups.fold(builder, |builder, group: Group| builder.join(group))
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Does the same on both runtimes and with both ways of holding sockets, on a host whose
/// network the runtime's threads live in.
fn everywhere<const N: usize>(work: impl AsyncFn(Arc<AsyncLan>, Arc<Star<N>>) + Sync) {
    for sockets in WAYS {
        for runtime in [current_thread, multi_thread] {
            let star = Arc::new(Star::new());
            star.hub.run(|| {
                runtime().block_on(async {
                    let lan = Arc::new(builder(sockets).build_async().unwrap());
                    work(lan, Arc::clone(&star)).await;
                });
            });
        }
    }
}

/// What must come in time.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    let outcome = timeout(PATIENCE, what).await;
    outcome.unwrap_or_else(|_| panic!("waited in vain"))
}

/// Looks once whether something is there.
async fn glance<T>(what: impl Future<Output = T>) -> Option<T> {
    let mut what = pin!(what);
    let look = |context: &mut Context<'_>| match what.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    };
    future::poll_fn(look).await
}

/// Says numbers to everybody, in order.
struct Speaker {
    socket: BoundSocket,
    next: u32,
}

impl Speaker {
    /// One on each segment.
    fn all<const N: usize>(star: &Star<N>) -> Vec<Self> {
        let ends = star.ends.iter();
        ends.map(|end| Self {
            socket: socket_on(end, Family::V4),
            next: 0,
        })
        .collect()
    }

    fn say(&mut self, count: u32) {
        for number in self.next..self.next + count {
            let to = (ip(EVERYBODY), PORT).into();
            self.socket.send(&number.to_be_bytes(), to).unwrap();
        }
        self.next += count;
    }
}

fn number(message: &Message) -> u32 {
    u32::from_be_bytes(message.payload().try_into().unwrap())
}

/// What was heard, by interface.
#[derive(Default)]
struct Heard(BTreeMap<u32, Vec<u32>>);

impl Heard {
    fn add(&mut self, message: &Message) {
        let index = message.interface().index().get();
        self.0.entry(index).or_default().push(number(message));
    }

    fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Everything was heard once and in order.
    #[track_caller]
    fn assert_all<const N: usize>(&self, star: &Star<N>, count: u32) {
        let everything: Vec<u32> = (0..count).collect();
        let expected = star
            .nics
            .each_ref()
            .map(|nic| (nic.index(), everything.clone()));
        assert!(self.0 == BTreeMap::from(expected), "{:?}", self.0);
    }

    /// Everything was heard once, by whomever.
    #[track_caller]
    fn assert_all_in_any_order<const N: usize>(mut self, star: &Star<N>, count: u32) {
        self.0
            .values_mut()
            .for_each(|numbers| numbers.sort_unstable());
        self.assert_all(star, count);
    }
}

/// Whether it was woken.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Somebody who waits, and is polled by hand.
struct Waiting<'a, T> {
    what: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    flag: Arc<Flag>,
}

impl<'a, T> Waiting<'a, T> {
    fn new(what: impl Future<Output = T> + Send + 'a) -> Self {
        Self {
            what: Box::pin(what),
            flag: Arc::default(),
        }
    }

    fn poll(&mut self) -> Option<T> {
        let waker = Waker::from(Arc::clone(&self.flag));
        match self.what.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    async fn woken(&self) {
        let woken = async {
            while !self.flag.0.swap(false, Ordering::SeqCst) {
                task::yield_now().await;
            }
        };
        soon(woken).await;
    }

    /// As a task of a runtime does it.
    async fn run(&mut self) -> T {
        loop {
            if let Some(value) = self.poll() {
                return value;
            }
            self.woken().await;
        }
    }
}

/// Adds what it receives to what was heard, and says so.
fn receiving(
    lan: &Arc<AsyncLan>,
    heard: &Arc<(Mutex<Heard>, Notify)>,
    how: usize,
) -> JoinHandle<()> {
    let (lan, heard) = (Arc::clone(lan), Arc::clone(heard));
    task::spawn(async move {
        let mut messages = Vec::new();
        let mut stream = lan.messages();
        loop {
            match how % 3 {
                0 => messages.push(lan.recv().await.unwrap()),
                1 => {
                    let count = lan.recv_many(&mut messages, 10).await.unwrap();
                    assert_eq!(count, messages.len());
                    assert!((1..=10).contains(&count));
                }
                _ => messages.push(stream.next().await.unwrap().unwrap()),
            }
            let mut all = heard.0.lock().unwrap();
            messages.drain(..).for_each(|message| all.add(&message));
            heard.1.notify_one();
        }
    })
}
