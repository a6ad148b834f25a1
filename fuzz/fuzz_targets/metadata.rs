//! Any control messages that make sense, which must be told of as they were
//! written.

#![no_main]

use ifcast_fuzz::datagram::{About, System};
use ifcast_socket::Family;
use ifcast_socket::fuzzing::Area;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|written: (System, bool, Vec<About>)| {
    let (system, is_v4, abouts) = written;
    let family = if is_v4 { Family::V4 } else { Family::V6 };
    let system = system.into();
    let mut area = Area::new(system, family);
    let mut expected = Default::default();
    for about in abouts {
        if about.write(&mut area) {
            about.tell(system, family, &mut expected);
        }
    }
    assert_eq!(system.read(family, area.bytes()), expected);
});
