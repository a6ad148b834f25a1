//! Whether an Apple system takes our registration. On other targets there is nothing to register with.
#![cfg(target_vendor = "apple")]

use std::{
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, AsRawFd},
    process::Command,
};

use ifcast_sys::NetworkChange;

#[test]
fn reading_does_not_wait_for_a_notification() {
    let change = NetworkChange::register().unwrap();
    let mut descriptor = File::from(change.as_fd().try_clone_to_owned().unwrap());

    loop {
        match descriptor.read(&mut [0; TOKEN]) {
            Ok(length) => assert_eq!(length, TOKEN), // something changes just now
            Err(error) => break assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
}

#[test]
fn a_program_that_we_start_does_not_inherit_the_descriptor() {
    let change = NetworkChange::register().unwrap();

    let inherited = Command::new("/bin/test")
        .arg("-e")
        .arg(format!("/dev/fd/{}", change.as_fd().as_raw_fd()))
        .status()
        .unwrap();

    assert_eq!(inherited.code(), Some(1));
}

#[test]
fn dropping_gives_the_descriptors_back() {
    const ROUNDS: i32 = 300;

    // A new descriptor is the lowest number that is free, and each registration takes two.
    for _ in 0..ROUNDS {
        let change = NetworkChange::register().unwrap();
        assert!(change.as_fd().as_raw_fd() < ROUNDS);
    }
}

#[test]
fn a_registration_can_be_used_from_any_thread() {
    fn is_send_and_sync<T: Send + Sync>() {}

    is_send_and_sync::<NetworkChange>();
}

/// The size of what is written for each notification.
const TOKEN: usize = 4;
