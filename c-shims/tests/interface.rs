//! What the shims and an Apple kernel answer of an interface. On other targets there is nothing to ask.
#![cfg(target_vendor = "apple")]

use std::{
    ffi::CStr,
    io,
    net::{Ipv4Addr, Ipv6Addr, UdpSocket},
    os::fd::AsFd,
};

use ifcast_sys::{carrier, direct_link, functional_type, ipv6_address, ipv6_address_flags};

const LOOPBACK: &CStr = c"lo0";
const NOT_USABLE: u32 = ipv6_address::TENTATIVE | ipv6_address::DUPLICATED;

#[test]
fn the_loopback_interface_is_loopback() {
    let answer = functional_type(ipv4().unwrap().as_fd(), LOOPBACK);

    assert_eq!(answer.unwrap(), functional_type::LOOPBACK);
}

#[test]
fn the_loopback_interface_has_no_media() {
    assert_eq!(carrier(ipv4().unwrap().as_fd(), LOOPBACK).unwrap(), None);
}

#[test]
fn the_loopback_interface_is_no_direct_link() {
    match direct_link(ipv4().unwrap().as_fd(), LOOPBACK) {
        Ok(is_direct_link) => assert!(!is_direct_link),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::Unsupported),
    }
}

#[test]
fn the_loopback_address_is_usable() {
    let flags = ipv6_address_flags(ipv6().unwrap().as_fd(), LOOPBACK, Ipv6Addr::LOCALHOST);

    assert_eq!(flags.unwrap() & NOT_USABLE, 0);
}

#[test]
fn a_link_local_address_needs_no_scope() {
    let address = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1); // macOS gives it to the loopback interface
    let flags = ipv6_address_flags(ipv6().unwrap().as_fd(), LOOPBACK, address);

    assert_eq!(flags.unwrap() & NOT_USABLE, 0);
}

#[test]
fn an_address_that_the_interface_does_not_have_is_eaddrnotavail() {
    let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    let flags = ipv6_address_flags(ipv6().unwrap().as_fd(), LOOPBACK, address);

    assert_eq!(errno(flags), Some(EADDRNOTAVAIL));
}

#[test]
fn an_interface_that_is_not_there_is_enxio() {
    assert_eq!(errnos(c"nosuchinterface").unwrap(), [Some(ENXIO); 3]);
}

#[test]
fn a_name_without_room_for_its_nul_is_enametoolong() {
    assert_eq!(
        errnos(c"sixteen-bytes-ab").unwrap(),
        [Some(ENAMETOOLONG); 3]
    );
}

/// What each of the shims makes of a name that it cannot ask about.
fn errnos(name: &CStr) -> io::Result<[Option<i32>; 3]> {
    let (v4, v6) = (ipv4()?, ipv6()?);
    Ok([
        errno(functional_type(v4.as_fd(), name)),
        errno(carrier(v4.as_fd(), name)),
        errno(ipv6_address_flags(v6.as_fd(), name, Ipv6Addr::LOCALHOST)),
    ])
}

fn ipv4() -> io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
}

fn ipv6() -> io::Result<UdpSocket> {
    UdpSocket::bind((Ipv6Addr::LOCALHOST, 0))
}

fn errno<T>(answer: io::Result<T>) -> Option<i32> {
    answer.err()?.raw_os_error()
}

// <sys/errno.h>
const ENXIO: i32 = 6;
const EADDRNOTAVAIL: i32 = 49;
const ENAMETOOLONG: i32 = 63;
