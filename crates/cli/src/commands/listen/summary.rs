//! What is said at the end.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::commands::listen::heard::Heard;
use crate::failure::Failure;
use crate::output::Output;
use crate::record;
use crate::statistics::{Flow, Flows};
use crate::text::{self, Nanoseconds, Rate};

/// Says how much came, where, and of each stream how well.
pub(crate) fn tell(heard: &Heard, port: u16, output: &mut Output) -> Result<(), Failure> {
    if let Some(flows) = heard.flows() {
        if output.is_json() {
            for flow in flows.iter() {
                output.summary("", || record(flow, port))?;
            }
        } else if flows.iter().next().is_some() {
            output.summary(text::lines(&table(flows)), || Value::Null)?;
        }
        if flows.others() > 0 {
            let others = flows.others();
            output.note(
                format_args!("{others} datagrams of further streams"),
                || json!({ "type": "further_streams", "datagrams": others }),
            )?;
        }
    }
    let each = heard.interfaces().map(|(interface, count)| {
        json!({ "interface": record::interface(interface), "datagrams": count })
    });
    let each: Vec<_> = each.collect();
    output.summary(in_words(heard), || {
        json!({
            "type": "summary",
            "datagrams": heard.datagrams(),
            "bytes": heard.bytes(),
            "seconds": heard.seconds(),
            "dropped": heard.dropped(),
            "truncated": heard.truncated(),
            "interfaces": each,
        })
    })
}

fn in_words(heard: &Heard) -> String {
    let mut words = text::count(heard.datagrams(), "datagram");
    let _ = write!(words, ", {}", text::count(heard.bytes(), "byte"));
    let _ = write!(words, " in {:.1} s", heard.seconds());
    for (place, (interface, count)) in heard.interfaces().enumerate() {
        let separator = if place == 0 { ": " } else { ", " };
        let _ = write!(words, "{separator}{count} on {}", interface.name());
    }
    if heard.truncated() > 0 {
        let _ = write!(words, "; {} lacked their end", heard.truncated());
    }
    if heard.dropped() > 0 {
        let dropped = heard.dropped();
        let _ = write!(words, "; {dropped} more came faster than they were taken");
    }
    words
}

fn table(flows: &Flows) -> comfy_table::Table {
    let mut table = text::table(
        [
            "interface",
            "source",
            "destination",
            "datagrams",
            "rate",
            "lost",
            "twice",
            "late",
            "jitter",
            "delay: least",
            "average",
            "most",
        ],
        3,
    );
    for flow in flows.iter() {
        let mut row = vec![
            flow.key.interface.name().to_string(),
            flow.key.source.to_string(),
            flow.key.destination.to_string(),
            flow.datagrams.to_string(),
            Rate(flow.rate()).to_string(),
        ];
        match &flow.numbered {
            None => row.extend((0..7).map(|_| "-".to_owned())),
            Some(numbered) => {
                let (sequence, delay) = (&numbered.sequence, &numbered.delay);
                let lost = match (sequence.lost(), sequence.expected()) {
                    (0, _) => "0".to_owned(),
                    (lost, expected) => {
                        format!("{lost} ({})", percent(lost, expected))
                    }
                };
                let late = match (sequence.reordered(), sequence.stale()) {
                    (late, 0) => late.to_string(),
                    (late, stale) => format!("{late} + {stale} very"),
                };
                #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
                let time = |nanoseconds: i64| Nanoseconds(nanoseconds as f64).to_string();
                row.extend([
                    lost,
                    sequence.duplicates().to_string(),
                    late,
                    Nanoseconds(delay.jitter()).to_string(),
                    time(delay.least()),
                    Nanoseconds(delay.average()).to_string(),
                    time(delay.most()),
                ]);
            }
        }
        table.add_row(row);
    }
    table
}

/// A share; not 0 % or 100 % unless it is.
fn percent(part: u64, whole: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let share = 100.0 * part as f64 / whole.max(1) as f64;
    match share {
        share if share < 0.01 => "< 0.01 %".to_owned(),
        share if share < 1.0 => format!("{share:.2} %"),
        share => format!(
            "{:.1} %",
            if part < whole { share.min(99.9) } else { share }
        ),
    }
}

fn record(flow: &Flow, port: u16) -> Value {
    let numbered = flow.numbered.as_ref();
    json!({
        "type": "stream",
        "interface": record::interface(flow.key.interface),
        "source": record::address(flow.key.source),
        "source_port": flow.key.source.port(),
        "destination": flow.key.destination.to_string(),
        "port": port,
        "cast": record::cast(flow.cast),
        "datagrams": flow.datagrams,
        "bytes": flow.bytes,
        "seconds": flow.seconds(),
        "rate": flow.rate(),
        "stream": flow.key.stream.map(|stream| format!("{stream:016x}")),
        "sequence": numbered.map(|numbered| json!({
            "expected": numbered.sequence.expected(),
            "received": numbered.sequence.received(),
            "lost": numbered.sequence.lost(),
            "duplicates": numbered.sequence.duplicates(),
            "reordered": numbered.sequence.reordered(),
            "stale": numbered.sequence.stale(),
        })),
        "jitter_ns": numbered.map(|numbered| numbered.delay.jitter()),
        "delay_ns": numbered.map(|numbered| json!({
            "least": numbered.delay.least(),
            "average": numbered.delay.average(),
            "most": numbered.delay.most(),
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_loss_is_not_none_and_hardly_anything_is_not_all_lost() {
        assert_eq!(percent(1, 1_000_000), "< 0.01 %");
        assert_eq!(percent(1, 1000), "0.10 %");
        assert_eq!(percent(1, 8), "12.5 %");
        assert_eq!(percent(99_999, 100_000), "99.9 %");
        assert_eq!(percent(5, 5), "100.0 %");
    }
}
