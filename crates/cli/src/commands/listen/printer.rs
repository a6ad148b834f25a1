//! Datagrams as they are printed.

use std::fmt;
use std::time::SystemTime;

use ifcast::Incoming;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Output;
use crate::paint::Paint;
use crate::record;
use crate::text::{Escaped, Hex, TimeOfDay};

/// How to print datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A line for each, with the payload as text.
    Text,
    /// A line for each, and the payload as hexadecimal numbers.
    Hex,
    /// A JSON object for each.
    Json,
    /// The payloads and nothing else.
    Raw,
    /// Not at all.
    None,
}

#[derive(Debug)]
pub(crate) struct Printer {
    format: Format,
    port: u16,
    zone: TimeZone,
}

impl Printer {
    pub(crate) fn new(format: Format, port: u16) -> Self {
        Self {
            format,
            port,
            zone: TimeZone::system(),
        }
    }

    pub(crate) fn print(
        &self,
        datagram: &Incoming<'_>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match self.format {
            Format::None => Ok(()),
            Format::Raw => output.raw(datagram.payload()),
            Format::Json => output.raw(format!("{}\n", self.record(datagram)).as_bytes()),
            Format::Text => {
                let line = self.line(datagram, output.paint());
                let payload = Escaped(datagram.payload());
                let separator = if payload.0.is_empty() { "" } else { ": " };
                output.raw(format!("{line}{separator}{payload}\n").as_bytes())
            }
            Format::Hex => {
                let line = self.line(datagram, output.paint());
                let payload = Hex(datagram.payload());
                output.raw(format!("{line}{payload}\n").as_bytes())
            }
        }
    }

    const fn line<'a>(&'a self, datagram: &'a Incoming<'a>, paint: Paint) -> Line<'a> {
        Line {
            printer: self,
            datagram,
            paint,
        }
    }

    fn record(&self, datagram: &Incoming<'_>) -> Value {
        let payload = datagram.payload();
        json!({
            "type": "datagram",
            "time": record::time(datagram.timestamp().unwrap_or_else(SystemTime::now)),
            "interface": record::interface(datagram.interface()),
            "source": record::address(datagram.source()),
            "source_port": datagram.source().port(),
            "destination": datagram.destination().to_string(),
            "port": self.port,
            "cast": record::cast(datagram.cast()),
            "hops": datagram.hops(),
            "size": payload.len(),
            "truncated": datagram.is_truncated(),
            "payload": record::hex(payload),
            "text": std::str::from_utf8(payload).ok(),
        })
    }
}

/// All there is to say of a datagram but its payload.
struct Line<'a> {
    printer: &'a Printer,
    datagram: &'a Incoming<'a>,
    paint: Paint,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let datagram = self.datagram;
        let at = datagram.timestamp().unwrap_or_else(SystemTime::now);
        let zone = &self.printer.zone;
        let (name, source) = (datagram.interface().name(), datagram.source());
        let cyan = self.paint.interface();
        let green = self.paint.source();
        write!(
            f,
            "{} {cyan}{name}{cyan:#} {green}{source}{green:#} > {}",
            TimeOfDay { at, zone },
            datagram.destination()
        )?;
        write!(f, " {}", record::cast(datagram.cast()))?;
        if let Some(hops) = datagram.hops() {
            write!(f, ", hops {hops}")?;
        }
        write!(f, ", {} bytes", datagram.payload().len())?;
        if datagram.is_truncated() {
            f.write_str(" and more")?;
        }
        Ok(())
    }
}
