//! How things are written for people.

use std::fmt;
use std::time::SystemTime;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A table without lines, whose columns from `numbers` on are numbers.
pub(crate) fn table<const N: usize>(header: [&str; N], numbers: usize) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for column in table.column_iter_mut().skip(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A table as it is printed: without spaces at the ends of lines.
pub(crate) fn lines(table: &Table) -> String {
    table.trim_fmt()
}

/// The time of day here, to a microsecond.
#[derive(Debug)]
pub(crate) struct TimeOfDay<'z> {
    pub(crate) at: SystemTime,
    pub(crate) zone: &'z TimeZone,
}

impl fmt::Display for TimeOfDay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(at) = Timestamp::try_from(self.at) else {
            return f.write_str("--:--:--.------");
        };
        let at = Zoned::new(at, self.zone.clone());
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        let micros = at.subsec_nanosecond() / 1000;
        write!(f, "{hour:02}:{minute:02}:{second:02}.{micros:06}")
    }
}

/// A payload as text: what would tell a terminal what to do, or is no text, is escaped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escaped<'p>(pub(crate) &'p [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '"' | '\'' => fmt::Write::write_char(f, character)?,
                    _ => write!(f, "{}", character.escape_debug())?,
                }
            }
            write!(f, "{}", chunk.invalid().escape_ascii())?;
        }
        Ok(())
    }
}

/// A payload in lines of sixteen bytes: where, in hexadecimal digits, and as ASCII.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hex<'p>(pub(crate) &'p [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, line) in self.0.chunks(16).enumerate() {
            write!(f, "\n  {:04x} ", place * 16)?;
            for at in 0..16 {
                let gap = if at == 8 { "  " } else { " " };
                match line.get(at) {
                    Some(byte) => write!(f, "{gap}{byte:02x}")?,
                    None => write!(f, "{gap}  ")?,
                }
            }
            f.write_str("  ")?;
            for byte in line {
                let is_shown = byte.is_ascii_graphic() || *byte == b' ';
                fmt::Write::write_char(f, if is_shown { char::from(*byte) } else { '.' })?;
            }
        }
        Ok(())
    }
}

/// A number of nanoseconds, in the unit that suits it, with three digits or so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nanoseconds(pub(crate) f64);

impl fmt::Display for Nanoseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0.abs() {
            of if of < 1e6 => (self.0 / 1e3, "µs"),
            of if of < 1e9 => (self.0 / 1e6, "ms"),
            _ => (self.0 / 1e9, "s"),
        };
        let digits = match value.abs() {
            of if of < 10.0 => 2,
            of if of < 100.0 => 1,
            _ => 0,
        };
        write!(f, "{value:.digits$} {unit}")
    }
}

impl From<std::time::Duration> for Nanoseconds {
    fn from(duration: std::time::Duration) -> Self {
        Self(duration.as_secs_f64() * 1e9)
    }
}

/// How many of what.
pub(crate) fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// A rate, with as many digits as mean something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate(pub(crate) Option<f64>);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.pad("-"),
            Some(rate) if rate < 100.0 => f.pad(&format!("{rate:.2}/s")),
            Some(rate) => f.pad(&format!("{rate:.0}/s")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_payload_cannot_speak_to_the_terminal() {
        let shown = |payload: &[u8]| Escaped(payload).to_string();
        assert_eq!(shown(b"\x1b[2Jhi\n"), r"\u{1b}[2Jhi\n");
        assert_eq!(shown("Grüße, \"Ωmega\"".as_bytes()), "Grüße, \"Ωmega\"");
        assert_eq!(shown(b"a\xff\xfeb"), r"a\xff\xfeb");
        assert_eq!(shown("\u{202e}txt\u{9b}".as_bytes()), r"\u{202e}txt\u{9b}");
    }

    #[test]
    fn a_dump_has_sixteen_bytes_a_line() {
        let payload: Vec<u8> = (0x30..0x45).collect();
        let expected = "
  0000  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?
  0010  40 41 42 43 44                                    @ABCD";
        assert_eq!(Hex(&payload).to_string(), expected);
        assert_eq!(Hex(b"").to_string(), "");
        assert!(Hex(b"\x00\xff\n").to_string().ends_with("  ..."));
    }

    #[test]
    fn times_have_the_unit_that_suits_them() {
        let shown =
            |nanoseconds: u64| Nanoseconds::from(Duration::from_nanos(nanoseconds)).to_string();
        assert_eq!(shown(250), "0.25 µs");
        assert_eq!(shown(123_456), "123 µs");
        assert_eq!(shown(1_234_567), "1.23 ms");
        assert_eq!(shown(12_345_678_901), "12.3 s");
        assert_eq!(Nanoseconds(-45_600.0).to_string(), "-45.6 µs");
    }

    #[test]
    fn the_time_of_day_is_that_of_the_zone() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(3_661_000_042);
        let zone = &TimeZone::UTC;
        assert_eq!(TimeOfDay { at, zone }.to_string(), "01:01:01.000042");
    }
}
