//! What an Apple kernel answers of an interface's carrier. On other targets there is nothing to ask.
#![cfg(target_vendor = "apple")]

use std::{
    ffi::CStr,
    io,
    net::{Ipv4Addr, UdpSocket},
    os::fd::AsFd,
};

use ifcast_sys::carrier;

#[test]
fn the_loopback_interface_has_no_media() {
    assert_eq!(ask(c"lo0").unwrap(), None);
}

#[test]
fn an_interface_that_is_not_there_is_enxio() {
    assert_eq!(errno(c"nosuchinterface"), Some(ENXIO));
}

#[test]
fn a_name_without_room_for_its_nul_is_enametoolong() {
    assert_eq!(errno(c"sixteen-bytes-ab"), Some(ENAMETOOLONG));
}

fn ask(name: &CStr) -> io::Result<Option<bool>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    carrier(socket.as_fd(), name)
}

fn errno(name: &CStr) -> Option<i32> {
    ask(name).err()?.raw_os_error()
}

// <sys/errno.h>
const ENXIO: i32 = 6;
const ENAMETOOLONG: i32 = 63;
