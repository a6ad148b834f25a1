//! Any bytes, as what one read from a netlink socket returned.

#![no_main]

use ifcast_interfaces::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|read: &[u8]| {
    fuzzing::decode(read);
    fuzzing::read_groups(&String::from_utf8_lossy(read));
});
