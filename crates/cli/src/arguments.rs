//! What users say in several commands.

use std::str::FromStr;
use std::time::Duration;

use ifcast::Selector;
use ifcast::interfaces::InvalidSelector;
use jiff::SignedDuration;

/// Which interfaces.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Choice {
    /// Which interfaces: `lan`, `all`, `wired`, `wifi`, an index, an address, a subnet, a
    /// name or a pattern such as `en*`; with `!` before it, not those. May be given several
    /// times, or with commas.
    #[arg(
        id = "interface",
        long = "interface",
        short,
        value_name = "SELECTOR",
        default_value = "lan"
    )]
    terms: Vec<Terms>,
}

impl Choice {
    /// What all of them together choose.
    pub(crate) fn selector(&self) -> Selector {
        let terms: Vec<_> = self.terms.iter().map(|terms| terms.0.as_str()).collect();
        // Each of them is one, and so are they all.
        terms.join(",").parse().unwrap_or_default()
    }

    /// Whether it was left at what it is for everybody.
    pub(crate) fn is_default(&self) -> bool {
        matches!(self.terms.as_slice(), [Terms(only)] if only == "lan")
    }
}

/// What is known to be a selector.
#[derive(Clone, Debug)]
struct Terms(String);

impl FromStr for Terms {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        text.parse::<Selector>()?;
        Ok(Self(text.to_owned()))
    }
}

/// Reads how long: `10s`, `1m30s`, `250ms`, or a number of seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time such as 10s, 1m30s or 250ms");
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong());
    }
    let duration = text.parse::<SignedDuration>().map_err(|_| wrong())?;
    Duration::try_from(duration).map_err(|_| wrong())
}

/// The same, but not no time at all.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be longer than nothing".to_owned()),
        interval => Ok(interval),
    }
}

/// How fast datagrams are to leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rate {
    /// So many a second.
    PerSecond(f64),
    /// As fast as it goes.
    Highest,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Highest);
        }
        let wrong = || format!("`{text}` is no rate such as 1000/s, 50k/s, 6/m or max");
        let (number, seconds) = match text.split_once('/') {
            None | Some((_, "s")) => (text.trim_end_matches("/s"), 1.0),
            Some((number, "m")) => (number, 60.0),
            Some((number, "h")) => (number, 3600.0),
            Some(_) => return Err(wrong()),
        };
        let (number, factor) = if let Some(thousands) = number.strip_suffix('k') {
            (thousands, 1e3)
        } else if let Some(millions) = number.strip_suffix('M') {
            (millions, 1e6)
        } else {
            (number, 1.0)
        };
        let rate = number.parse::<f64>().map_err(|_| wrong())? * factor / seconds;
        if !(SLOWEST..=FASTEST).contains(&rate) {
            return Err(wrong());
        }
        Ok(Self::PerSecond(rate))
    }
}

/// Once in a year, and more than any network carries.
const SLOWEST: f64 = 1.0 / (365.0 * 86_400.0);
const FASTEST: f64 = 1e9;

/// Bytes in hexadecimal digits; spaces, colons and hyphens between them do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HexBytes(pub(crate) Vec<u8>);

impl FromStr for HexBytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_between = |character: &char| matches!(character, ' ' | ':' | '-');
        let digits = text.chars().filter(|character| !is_between(character));
        let digits = digits
            .map(|digit| {
                digit
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            })
            .collect::<Option<Vec<_>>>()
            .filter(|digits| digits.len() % 2 == 0)
            .ok_or_else(|| "it takes pairs of hexadecimal digits".to_owned())?;
        let pairs = digits.chunks_exact(2);
        Ok(Self(pairs.map(|pair| pair[0] << 4 | pair[1]).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, milliseconds) in [
            ("10s", 10_000),
            ("1m30s", 90_000),
            ("250ms", 250),
            ("2", 2000),
            ("0.5", 500),
            ("1h", 3_600_000),
        ] {
            assert_eq!(
                duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for text in ["", "-1", "-1s", "soon", "1x", "inf", "NaN"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
        assert!(interval("0").is_err() && interval("0s").is_err());
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (text, rate) in [
            ("1000/s", 1000.0),
            ("1000", 1000.0),
            ("50k/s", 50_000.0),
            ("1.5M", 1_500_000.0),
            ("6/m", 0.1),
            ("3600/h", 1.0),
        ] {
            assert_eq!(text.parse(), Ok(Rate::PerSecond(rate)), "{text}");
        }
        assert_eq!("max".parse(), Ok(Rate::Highest));
        for text in [
            "", "0", "-5", "fast", "5/d", "/s", "inf", "NaN", "1e300", "k",
        ] {
            assert!(text.parse::<Rate>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn bytes_are_read_with_or_without_something_between() {
        for text in ["00ff7a", "00 FF 7a", "00:ff:7A", "00-ff-7a"] {
            assert_eq!(text.parse(), Ok(HexBytes(vec![0, 0xff, 0x7a])), "{text}");
        }
        assert_eq!("".parse(), Ok(HexBytes(Vec::new())));
        for text in ["0", "0g", "0x00", "000"] {
            assert!(text.parse::<HexBytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn several_choices_are_one() {
        let terms = |texts: &[&str]| {
            let terms = texts.iter().map(|text| text.parse().unwrap()).collect();
            Choice { terms }.selector().to_string()
        };
        assert_eq!(terms(&["lan"]), "lan");
        assert_eq!(terms(&["a", "3"]), "(name a or index 3)");
        assert_eq!(terms(&["!a", "!b"]), "(lan and not (name a or name b))");
    }
}
