//! Any messages, as what the kernel answers when it is asked for all interfaces.

#![no_main]

use ifcast_fuzz::invariants;
use ifcast_interfaces::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|messages: &[u8]| invariants::check(&fuzzing::list(messages)));
