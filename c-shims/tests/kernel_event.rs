//! Whether an Apple kernel gives out its events. On other targets there is nothing to open.
#![cfg(target_vendor = "apple")]

use std::{
    fs::File,
    io::{self, Read},
    os::fd::AsRawFd,
    process::Command,
};

use ifcast_sys::kernel_events;

#[test]
fn reading_does_not_wait_for_an_event() {
    let mut events = File::from(kernel_events().unwrap());

    loop {
        match events.read(&mut [0; 1024]) {
            Ok(length) => assert!(length >= HEADER, "{length}"), // something changes just now
            Err(error) => break assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
}

#[test]
fn a_program_that_we_start_does_not_inherit_the_socket() {
    let events = kernel_events().unwrap();

    let inherited = Command::new("/bin/test")
        .arg("-e")
        .arg(format!("/dev/fd/{}", events.as_raw_fd()))
        .status()
        .unwrap();

    assert_eq!(inherited.code(), Some(1));
}

// <sys/kern_event.h>: KEV_MSG_HEADER_SIZE
const HEADER: usize = 24;
