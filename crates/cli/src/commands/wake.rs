//! `ifcast wake`

use std::str::FromStr;

use ifcast::{Family, Lan, Outcome as Fate, To};
use serde_json::json;

use crate::arguments::{Choice, HexBytes};
use crate::commands::Outcome;
use crate::failure::Failure;
use crate::output::{Output, complain};
use crate::record;

/// Wake a computer (wake-on-LAN): broadcast its magic packet by all chosen interfaces.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The hardware address of the computer, such as 02:00:5e:10:00:01.
    mac: HardwareAddress,
    #[command(flatten)]
    choice: Choice,
    /// The UDP port, which does not matter to the computer but may to what is between.
    #[arg(long, short, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
}

/// The address of an Ethernet card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HardwareAddress([u8; 6]);

impl HardwareAddress {
    /// Six times 255, and then the address sixteen times.
    fn magic_packet(self) -> [u8; 102] {
        let mut packet = [0xff; 102];
        for place in packet[6..].chunks_exact_mut(6) {
            place.copy_from_slice(&self.0);
        }
        packet
    }
}

impl FromStr for HardwareAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.replace('.', ""); // as some switches write it
        let bytes = digits.parse::<HexBytes>().ok();
        let address = bytes.and_then(|bytes| bytes.0.try_into().ok());
        address
            .map(Self)
            .ok_or_else(|| "it is six bytes, such as 02:00:5e:10:00:01".to_owned())
    }
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome, Failure> {
    let mut lan = Lan::builder()
        .interfaces(arguments.choice.selector())
        .families(&[Family::V4])
        .build()
        .map_err(Failure::of_opening)?;
    for failure in lan.failures() {
        complain(failure);
    }
    let mut is_fine = lan.failures().is_empty();
    let packet = arguments.mac.magic_packet();
    let report = lan.send(&packet, To::AllHosts.port(arguments.port));
    is_fine &= report.sent() > 0;
    for (interface, fate) in report.iter() {
        match fate {
            Fate::Sent {
                destination,
                source,
            } => output.summary(format_args!("{interface}: {fate}"), || {
                json!({
                    "type": "sent",
                    "interface": record::interface(interface),
                    "source": source.map(|source| source.to_string()),
                    "destination": record::address(*destination),
                    "port": destination.port(),
                    "datagrams": 1,
                })
            })?,
            Fate::Failed(error) => {
                is_fine = false;
                complain(error);
                if output.is_json() {
                    let record = record::error(Some(interface), &error.to_string());
                    output.result("", || record)?;
                }
            }
            _ => output.summary(format_args!("{interface}: {fate}"), || {
                json!({
                    "type": "skipped",
                    "interface": record::interface(interface),
                    "why": fate.to_string(),
                })
            })?,
        }
    }
    Ok(Outcome::fine_if(is_fine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_and_devices_write_them() {
        let address = HardwareAddress([2, 0, 0x5e, 0x10, 0, 0xfe]);
        for text in [
            "02:00:5e:10:00:fe",
            "02-00-5E-10-00-FE",
            "0200.5e10.00fe",
            "02005e1000fe",
        ] {
            assert_eq!(text.parse(), Ok(address), "{text}");
        }
        for text in [
            "",
            "02:00:5e:10:00",
            "02:00:5e:10:00:fe:01",
            "02:00:5e:10:00:fg",
        ] {
            assert!(text.parse::<HardwareAddress>().is_err(), "{text}");
        }
    }
}
