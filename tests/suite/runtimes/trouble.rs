//! What goes wrong, and what goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::{fs, thread};

use ifcast::{Change, Family, Lan, Sockets, To};
use ifcast_netlab::RecordKind;
use ifcast_tests::{Star, ip, socket_on, wait_until};
use tokio::runtime::Builder;
use tokio::task;

use crate::{
    EVERYBODY, GROUPS, Heard, MOMENT, PATIENCE, PORT, Speaker, Waiting, builder, current_thread,
    everywhere, glance, multi_thread, number, soon,
};

#[test]
fn who_does_not_receive_hears_of_the_interfaces_and_the_kernel_keeps_the_rest() {
    const COUNT: u32 = 4000;
    everywhere::<2>(async |lan, star| {
        let mut speaker = Speaker::all(&star).remove(0);
        let mut said = 0;
        let mut await_change = async |is_plugged: bool| {
            let mut change = pin!(lan.next_change());
            // While it waits, the queue gets full.
            while said < COUNT {
                speaker.say(100);
                said += 100;
                assert!(glance(change.as_mut()).await.is_none());
                task::yield_now().await;
            }
            star.nics[1].plug(is_plugged);
            let change = soon(change).await.unwrap();
            let has_joined = match change {
                Change::InterfaceJoined { .. } => true,
                Change::InterfaceLeft { .. } => false,
                other => panic!("{other:?}"),
            };
            assert_eq!(has_joined, is_plugged);
        };
        for is_plugged in [false, true] {
            await_change(is_plugged).await;
            let received: u64 =
                lan.with(|lan| lan.sockets().map(|socket| socket.counters().received).sum());
            assert!((1024..2000).contains(&received), "{received}");
        }
        // Who waits for changes does so for everything again when there is room.
        while glance(lan.next_change()).await.is_some() {} // of memberships
        let mut change = Waiting::new(lan.next_change());
        assert!(change.poll().is_none());
        let mut heard = Heard::default();
        for _ in 0..1024 {
            heard.add(&soon(lan.recv()).await.unwrap());
        }
        change.woken().await;
        while heard.count() < usize::try_from(COUNT).unwrap() {
            heard.add(&soon(lan.recv()).await.unwrap());
        }
        let numbers = heard.0.into_values().next().unwrap();
        assert!(numbers.into_iter().eq(0..COUNT));
    });
}

#[test]
fn what_found_no_room_in_the_kernel_is_told() {
    everywhere::<1>(async |_, star| {
        let builder = Lan::builder().port(PORT + 1).receive_buffer(1 << 16);
        let lan = builder.build_async().unwrap();
        let speaker = socket_on(&star.ends[0], Family::V4);
        for _ in 0..2000 {
            speaker
                .send(b"hello", (ip(EVERYBODY), PORT + 1).into())
                .unwrap();
        }
        let (mut heard, mut lost) = (0, 0);
        soon(async {
            while heard + lost < 2000 {
                tokio::select! {
                    message = lan.recv() => heard += message.map(|_| 1).unwrap(),
                    change = lan.next_change() => match change.unwrap() {
                        Change::Dropped { count, .. } => lost += count,
                        other => panic!("{other:?}"),
                    },
                }
            }
        })
        .await;
        assert!(lost > 0);
        assert_eq!(heard + lost, 2000);
    });
}

#[test]
fn who_panics_with_the_lan_in_his_hands_does_not_take_it_from_others() {
    everywhere::<1>(async |lan, star| {
        let mut message = Waiting::new(lan.recv());
        assert!(message.poll().is_none());
        Speaker::all(&star)[0].say(300);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            lan.with(|lan| lan.poll(Some(PATIENCE), |_| panic!("on purpose")))
        }));
        assert!(outcome.is_err());
        assert!(format!("{lan:?}").contains("messages: 0"), "{lan:?}");
        // A batch is lost with it, and nothing else.
        let first = number(&message.run().await.unwrap());
        assert!((1..=64).contains(&first), "{first}");
        for expected in first + 1..300 {
            assert_eq!(number(&soon(lan.recv()).await.unwrap()), expected);
        }
        assert_eq!(lan.send(b"hello", To::AllHosts).sent(), 1);
    });
}

#[test]
fn what_it_holds_is_left_and_closed_when_it_is_dropped() {
    everywhere::<1>(async |lan, star| {
        let mut capture = star.ends[0].capture();
        let sockets = lan.with(|lan| {
            use std::os::fd::{AsFd, AsRawFd};
            let sockets = lan.sockets().map(|socket| socket.as_fd().as_raw_fd());
            sockets
                .map(|fd| fs::read_link(format!("/proc/self/fd/{fd}")).unwrap())
                .collect::<Vec<_>>()
        });
        assert_eq!(sockets.len(), 2);
        let mut change = Waiting::new(lan.next_change());
        assert!(change.poll().is_none());
        drop(change);
        drop(lan);
        for group in GROUPS {
            capture.records_until(&star.nics[0], ip(group), |record| {
                record.kind == RecordKind::ToInclude && record.sources.is_empty()
            });
        }
        let open = fs::read_dir("/proc/self/fd").unwrap();
        let open = open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
        assert!(open.into_iter().all(|fd| !sockets.contains(&fd)));
        builder(Sockets::Automatic).build_async().unwrap(); // the port is free
    });
}

#[test]
fn a_runtime_whose_clock_stands_still_hears_of_changes() {
    let star = Star::<2>::new();
    let running = star.hub.spawn(|| {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let lan = self::builder(Sockets::Shared).build_async().unwrap();
            lan.next_change().await.unwrap()
        })
    });
    // It may not have begun to watch.
    wait_until("it has heard", || {
        star.nics[1].plug(false);
        thread::sleep(MOMENT);
        star.nics[1].plug(true);
        thread::sleep(MOMENT);
        running.is_finished()
    });
    let change = running.join();
    assert!(
        matches!(
            change,
            Change::InterfaceLeft { .. } | Change::InterfaceJoined { .. }
        ),
        "{change:?}"
    );
}

#[test]
fn who_waits_when_the_runtime_is_shut_down_is_told_so() {
    let star = Star::<1>::new();
    star.hub.run(|| {
        let first = multi_thread();
        let lan = {
            let _inside = first.enter();
            builder(Sockets::Shared).build_async().unwrap()
        };
        // Any runtime may await what another one watches.
        let lan = Arc::new(lan);
        Speaker::all(&star)[0].say(1);
        let second = current_thread();
        assert_eq!(number(&second.block_on(soon(lan.recv())).unwrap()), 0);
        let waiting = second.spawn({
            let lan = Arc::clone(&lan);
            async move { tokio::join!(lan.recv(), lan.next_change()) }
        });
        second.block_on(task::yield_now());
        drop(first);
        let (message, change) = second.block_on(soon(waiting)).unwrap();
        for error in [message.err(), change.err()] {
            assert!(
                matches!(error, Some(ifcast::Error::Loop { .. })),
                "{error:?}"
            );
        }
    });
}
