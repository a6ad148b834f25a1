//! What an Apple kernel answers of an IPv6 address. On other targets there is nothing to ask.
#![cfg(target_vendor = "apple")]

use std::{
    ffi::CStr,
    io,
    net::{Ipv6Addr, UdpSocket},
    os::fd::AsFd,
};

use ifcast_sys::{ipv6_address, ipv6_address_flags};

const NOT_USABLE: u32 = ipv6_address::TENTATIVE | ipv6_address::DUPLICATED;

#[test]
fn the_loopback_address_is_usable() {
    assert_eq!(ask(c"lo0", Ipv6Addr::LOCALHOST).unwrap() & NOT_USABLE, 0);
}

#[test]
fn a_link_local_address_needs_no_scope() {
    let address = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1); // macOS gives it to the loopback interface

    assert_eq!(ask(c"lo0", address).unwrap() & NOT_USABLE, 0);
}

#[test]
fn an_address_that_the_interface_does_not_have_is_eaddrnotavail() {
    let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

    assert_eq!(errno(c"lo0", address), Some(EADDRNOTAVAIL));
}

#[test]
fn an_interface_that_is_not_there_is_enxio() {
    assert_eq!(errno(c"nosuchinterface", Ipv6Addr::LOCALHOST), Some(ENXIO));
}

#[test]
fn a_name_without_room_for_its_nul_is_enametoolong() {
    assert_eq!(
        errno(c"sixteen-bytes-ab", Ipv6Addr::LOCALHOST),
        Some(ENAMETOOLONG)
    );
}

fn ask(name: &CStr, address: Ipv6Addr) -> io::Result<u32> {
    let socket = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0))?;
    ipv6_address_flags(socket.as_fd(), name, address)
}

fn errno(name: &CStr, address: Ipv6Addr) -> Option<i32> {
    ask(name, address).err()?.raw_os_error()
}

// <sys/errno.h>
const ENXIO: i32 = 6;
const EADDRNOTAVAIL: i32 = 49;
const ENAMETOOLONG: i32 = 63;
