//! Tasks that receive, several at a time, and come and go.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ifcast::{Change, Sockets};
use ifcast_tests::Star;
use tokio::task;
use tokio::time::sleep;
use tokio_stream::StreamExt;

use crate::{Heard, Speaker, builder, current_thread, everywhere, glance, receiving, soon};

#[test]
fn receiving_that_is_cancelled_at_random_loses_nothing() {
    const COUNT: u32 = 1500;
    everywhere::<3>(async |lan, star| {
        let mut random = fastrand::Rng::with_seed(71);
        let mut speakers = Speaker::all(&star);
        let mut heard = Heard::default();
        let mut many = Vec::new();
        let mut given_up = 0;
        while heard.count() < 3 * usize::try_from(COUNT).unwrap() {
            for speaker in &mut speakers {
                let count = random.u32(0..100) * u32::from(random.u8(0..4) == 0);
                speaker.say(count.min(COUNT - speaker.next));
            }
            let pause = Duration::from_micros(random.u64(0..2000));
            let message = match random.u8(0..4) {
                0 => glance(lan.recv()).await,
                1 => glance(lan.messages().next()).await.flatten(),
                2 => {
                    let limit = random.usize(0..200);
                    drop(glance(lan.recv_many(&mut many, limit)).await);
                    None
                }
                _ => tokio::select! {
                    biased;
                    () = sleep(pause) => None,
                    message = lan.recv() => Some(message),
                    change = lan.next_change() => panic!("{change:?}"),
                },
            };
            given_up += u32::from(message.is_none());
            message
                .into_iter()
                .for_each(|message| heard.add(&message.unwrap()));
            many.drain(..).for_each(|message| heard.add(&message));
        }
        assert!(given_up > 10, "{given_up}");
        assert!(glance(lan.recv()).await.is_none());
        heard.assert_all(&star, COUNT);
    });
}

#[test]
fn of_several_tasks_that_receive_each_gets_something_else() {
    const COUNT: u32 = 2000;
    everywhere::<2>(async |lan, star| {
        let heard = Arc::default();
        let tasks: Vec<_> = (0..6).map(|how| receiving(&lan, &heard, how)).collect();
        let mut speakers = Speaker::all(&star);
        for _ in 0..COUNT / 50 {
            speakers.iter_mut().for_each(|speaker| speaker.say(50));
            task::yield_now().await;
        }
        soon(async {
            while heard.0.lock().unwrap().count() < 2 * usize::try_from(COUNT).unwrap() {
                heard.1.notified().await;
            }
        })
        .await;
        for task in tasks {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        let heard = std::mem::take(&mut *heard.0.lock().unwrap());
        heard.assert_all_in_any_order(&star, COUNT);
    });
}

#[test]
fn tasks_come_and_go_at_random_and_neither_messages_nor_changes_are_lost() {
    const ROUNDS: u32 = 300;
    everywhere::<2>(async |lan, star| {
        let mut random = fastrand::Rng::with_seed(7);
        let heard = Arc::default();
        let said = Arc::new(Mutex::new(Vec::new()));
        let listening = |_: usize| {
            let (lan, said) = (Arc::clone(&lan), Arc::clone(&said));
            task::spawn(async move {
                loop {
                    let change = lan.next_change().await.unwrap();
                    said.lock().unwrap().push(match change {
                        Change::InterfaceJoined { interface } => {
                            format!("{} joined", interface.name())
                        }
                        Change::InterfaceLeft { interface, .. } => {
                            format!("{} left", interface.name())
                        }
                        Change::Membership { .. } => continue,
                        other => panic!("{other:?}"),
                    });
                }
            })
        };
        let mut speaker = Speaker::all(&star).remove(0);
        let mut receivers: Vec<_> = (0..3).map(|how| receiving(&lan, &heard, how)).collect();
        let mut listeners: Vec<_> = (0..2).map(listening).collect();
        let (mut is_plugged, mut expected) = (true, Vec::new());
        for round in 0..ROUNDS {
            speaker.say(random.u32(0..20));
            if round % 60 == 30 {
                is_plugged = !is_plugged;
                star.nics[1].plug(is_plugged);
                let what = if is_plugged { "joined" } else { "left" };
                expected.push(format!("lan1 {what}"));
            }
            for _ in 0..random.usize(0..4) {
                task::yield_now().await;
            }
            let how = random.usize(0..5);
            if how < 3 {
                std::mem::replace(&mut receivers[how], receiving(&lan, &heard, how)).abort();
            } else {
                std::mem::replace(&mut listeners[how - 3], listening(how)).abort();
            }
            if round % 60 == 59 {
                let has_told = || said.lock().unwrap().len() == expected.len();
                soon(async {
                    while !has_told() {
                        sleep(Duration::from_millis(1)).await;
                    }
                })
                .await;
            }
        }
        let total = usize::try_from(speaker.next).unwrap();
        soon(async {
            while heard.0.lock().unwrap().count() < total {
                heard.1.notified().await;
            }
        })
        .await;
        receivers
            .into_iter()
            .chain(listeners)
            .for_each(|task| task.abort());
        assert_eq!(*said.lock().unwrap(), expected);
        let mut heard = std::mem::take(&mut *heard.0.lock().unwrap());
        let numbers = heard.0.get_mut(&star.nics[0].index()).unwrap();
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(0..speaker.next));
    });
}

#[test]
fn a_busy_lan_leaves_other_tasks_of_its_thread_their_turn() {
    let star = Star::<1>::new();
    star.hub.run(|| {
        current_thread().block_on(async {
            let lan = Arc::new(builder(Sockets::Shared).build_async().unwrap());
            let mut speaker = Speaker::all(&star).remove(0);
            speaker.say(1000);
            let heard = Arc::default();
            let receiving = receiving(&lan, &heard, 0);
            let mut turns = 0;
            while heard.0.lock().unwrap().count() < 1000 {
                turns += 1;
                task::yield_now().await;
            }
            assert!(turns > 3, "{turns}");
            receiving.abort();
        });
    });
}
