//! Who is woken, when, and by what.

use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use ifcast::socket::PacketInfo;
use ifcast::{AsyncLan, Change, Family, Group, Lan, Selector, Sockets};
use ifcast_tests::{Star, activity, ip, socket_on, wait_until};

use crate::{
    EVERYBODY, Heard, PORT, Speaker, WAYS, Waiting, builder, current_thread, everywhere, number,
    soon,
};

#[test]
fn whoever_of_two_is_woken_and_gives_up_the_other_is_woken_too() {
    everywhere::<1>(async |lan, star| {
        let mut speaker = Speaker::all(&star).remove(0);
        for (round, (first_stays, again)) in
            [(true, false), (false, false), (true, true), (false, true)]
                .into_iter()
                .enumerate()
        {
            let mut two = [Waiting::new(lan.recv()), Waiting::new(lan.recv())];
            assert!(two.iter_mut().all(|waiting| waiting.poll().is_none()));
            if again {
                // The other way round, whoever was registered last.
                assert!(two[0].poll().is_none());
            }
            speaker.say(1);
            let [first, second] = two;
            let (mut stays, goes) = if first_stays {
                (first, second)
            } else {
                (second, first)
            };
            goes.woken().await;
            drop(goes);
            stays.woken().await;
            let message = stays.poll().unwrap().unwrap();
            assert_eq!(usize::try_from(number(&message)), Ok(round));
        }
    });
}

#[test]
fn who_waits_for_changes_does_not_keep_a_message_from_who_waits_for_that() {
    everywhere::<1>(async |lan, star| {
        let mut speaker = Speaker::all(&star).remove(0);
        let mut change = Waiting::new(lan.next_change());
        for round in 0..4 {
            let mut message = Waiting::new(lan.recv());
            assert!(change.poll().is_none());
            assert!(message.poll().is_none());
            assert!(change.poll().is_none());
            speaker.say(1);
            change.woken().await;
            assert!(change.poll().is_none()); // but it has read the sockets
            assert_eq!(number(&message.run().await.unwrap()), round);
        }
    });
}

#[test]
fn what_one_took_from_the_kernel_for_another_wakes_that_one() {
    let star = Star::<2>::new();
    star.hub.run(|| {
        current_thread().block_on(async {
            let lan = builder(Sockets::PerInterface).build_async().unwrap();
            let mut speaker = Speaker::all(&star).remove(0);
            let mut change = Waiting::new(lan.next_change());
            assert!(change.poll().is_none());
            star.nics[1].plug(false);
            change.woken().await;
            assert!(change.poll().is_none()); // it has not settled
            let mut message = Waiting::new(lan.recv());
            assert!(message.poll().is_none());
            wait_until("it has settled", || {
                let deadline = lan.with(|lan| lan.next_deadline());
                deadline.is_some_and(|at| at <= Instant::now())
            });
            // The runtime has not had its turn, so neither knows yet.
            assert!(!message.flag.0.load(Ordering::SeqCst));
            speaker.say(1);
            let told = change.poll().unwrap().unwrap();
            assert!(matches!(told, Change::InterfaceLeft { .. }), "{told:?}");
            assert!(message.flag.0.load(Ordering::SeqCst));
            assert_eq!(number(&message.poll().unwrap().unwrap()), 0);
        });
    });
}

#[test]
fn what_the_lan_itself_leaves_when_it_is_polled_is_received() {
    const BURST: u32 = 300; // more than a turn may take
    everywhere::<1>(async |lan, star| {
        let mut speaker = Speaker::all(&star).remove(0);
        let mut message = Waiting::new(lan.recv());
        assert!(message.poll().is_none());
        let mut heard = Heard::default();
        let mut taken = 0;
        lan.with(|lan| {
            speaker.say(BURST);
            taken = lan.poll(Some(Duration::ZERO), |_| {}).unwrap();
        });
        assert!(
            taken > 0 && taken < usize::try_from(BURST).unwrap(),
            "{taken}"
        );
        message.woken().await; // although nothing more has come
        heard.add(&message.run().await.unwrap());
        while heard.count() < usize::try_from(BURST).unwrap() - taken {
            heard.add(&soon(lan.recv()).await.unwrap());
        }
        let rest: Vec<u32> = (u32::try_from(taken).unwrap()..BURST).collect();
        assert_eq!(heard.0.into_values().next(), Some(rest));
    });
}

#[test]
fn who_looks_at_much_that_is_kept_back_goes_on_until_there_is_something_else() {
    const FLOOD: u32 = 3000; // more than one may look at in a turn of his
    let star = Star::<1>::new();
    star.ends[0].add_address("10.71.0.9/24");
    for sockets in WAYS {
        star.hub.run(|| {
            current_thread().block_on(async {
                let wanted = "10.71.0.9/32".parse().unwrap();
                let builder = builder(sockets).accept_from(wanted);
                let lan = builder.build_async().unwrap();
                let mut speaker = Speaker::all(&star).remove(0);
                speaker.say(FLOOD);
                let info = PacketInfo {
                    source: Some(ip("10.71.0.9")),
                    ..PacketInfo::default()
                };
                let sender = speaker.socket.sender();
                let to = (ip(EVERYBODY), PORT).into();
                sender.send_with(&[0; 4], to, info).unwrap();
                let mut two = [Waiting::new(lan.recv()), Waiting::new(lan.recv())];
                assert!(two[0].poll().is_none());
                two[0].woken().await;
                // And if he gives up, another one goes on.
                let [first, mut second] = two;
                drop(first);
                assert_eq!(second.run().await.unwrap().source().ip(), ip("10.71.0.9"));
            });
        });
    }
}

#[test]
fn what_is_done_with_the_lan_itself_is_seen_by_those_who_wait() {
    everywhere::<2>(async |lan, star| {
        let mut change = Waiting::new(lan.next_change());
        assert!(change.poll().is_none());
        let one: Selector = "10.71.1.0/24".parse().unwrap();
        assert!(lan.with(|lan| lan.select(one)).is_empty());
        change.woken().await;
        match change.poll().unwrap().unwrap() {
            Change::InterfaceLeft { interface, .. } => {
                assert_eq!(interface.name().to_string(), "lan0");
            }
            other => panic!("{other:?}"),
        }
        let group: Group = "239.71.9.9".parse().unwrap();
        assert!(lan.with(|lan| lan.join(group)).is_empty());
        let speaker = socket_on(&star.ends[1], Family::V4);
        speaker.send(b"hello", group.socket_addr(PORT)).unwrap();
        assert_eq!(
            soon(lan.recv()).await.unwrap().destination(),
            ip("239.71.9.9")
        );

        let waker = lan.with(Lan::waker).unwrap();
        waker.wake().unwrap();
        let mut told = Vec::new();
        while !matches!(told.last(), Some(Change::Woken)) {
            told.push(soon(lan.next_change()).await.unwrap());
        }
        // That the group was joined is told before.
        assert!(matches!(told[0], Change::Membership { .. }), "{told:?}");
        assert_eq!(told.len(), 2, "{told:?}");
    });
}

#[test]
fn when_nothing_happens_the_runtime_sleeps_and_nothing_wakes_it() {
    const WHILE: Duration = Duration::from_secs(2);
    for is_full in [false, true] {
        let star = Star::<2>::new();
        let (tell, told) = mpsc::channel();
        let lan = star
            .hub
            .run(|| builder(Sockets::PerInterface).build())
            .unwrap();
        let mut speaker = Speaker::all(&star).remove(0);
        speaker.say(if is_full { 2000 } else { 1 });
        let sleeping = star.hub.spawn(move || {
            let thread = fs::read_link("/proc/thread-self").unwrap();
            tell.send(thread.file_name().unwrap().to_str().unwrap().to_owned())
                .unwrap();
            current_thread().block_on(async {
                let lan = AsyncLan::new(lan).unwrap();
                drop(lan.recv().await.unwrap()); // it was ready once
                if is_full {
                    drop(lan.next_change().await.unwrap());
                } else {
                    tokio::select! {
                        message = lan.recv() => drop(message.unwrap()),
                        change = lan.next_change() => panic!("{change:?}"),
                    }
                }
            });
        });
        let thread = told.recv().unwrap();
        // What the interfaces have become of late may have to be heard first.
        let mut before = activity(&thread);
        wait_until("it sleeps", || {
            thread::sleep(WHILE / 10);
            std::mem::replace(&mut before, activity(&thread)) == before
        });
        thread::sleep(WHILE);
        assert_eq!(activity(&thread), before);
        if is_full {
            star.nics[1].plug(false);
        } else {
            speaker.say(1);
        }
        sleeping.join();
    }
}
