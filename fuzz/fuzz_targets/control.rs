//! Any bytes, as control messages and as the name of who sent a datagram.

#![no_main]

use ifcast_socket::{Family, fuzzing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|written: &[u8]| {
    for family in Family::ALL {
        for system in fuzzing::System::ALL {
            system.read(family, written);
        }
        if let Some(name) = written.first_chunk() {
            let address = fuzzing::address(name, family);
            let again = fuzzing::name(address);
            assert_eq!(fuzzing::address(&again, family), address);
        }
    }
});
