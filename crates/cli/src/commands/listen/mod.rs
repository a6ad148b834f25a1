//! `ifcast listen`

mod heard;
mod printer;
mod summary;

use std::net::IpAddr;
use std::str::FromStr;
use std::time::{Duration, Instant};

use ifcast::{Event, Group, Lan, Metadata, Sharing, SourceFilter, Waiting};
use serde_json::json;

use crate::arguments::{self, Choice};
use crate::commands::Outcome;
use crate::commands::listen::heard::Heard;
use crate::commands::listen::printer::{Format, Printer};
use crate::failure::Failure;
use crate::output::{Output, complain};
use crate::stop::Stop;
use crate::{news, record};

/// Print, or measure, what arrives on a port, on all chosen interfaces at once.
///
/// Unicasts, broadcasts and the groups that are given. It follows what becomes of the
/// interfaces, and shares the port with other programs that let it. At the end, or when it
/// is interrupted, it says how much came.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The UDP port to listen on.
    #[arg(long, short, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// A group to join, from any source or from one; may be given several times.
    #[arg(long, short, value_name = "GROUP[@SOURCE]")]
    group: Vec<Wanted>,
    #[command(flatten)]
    choice: Choice,
    /// How to print datagrams; `none` if there are to be statistics, else `text`
    #[arg(long, short, value_enum)]
    format: Option<Format>,
    /// End after so many datagrams.
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time.
    #[arg(long = "for", value_name = "TIME", value_parser = arguments::duration)]
    time: Option<Duration>,
    /// Measure each stream, and say at the end what was lost, came twice or late, and how
    /// long it took, where the sender numbers its datagrams (`ifcast send --sequence`).
    #[arg(long, short)]
    stats: bool,
}

/// A group, and from whom.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    group: Group,
    source: Option<IpAddr>,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (group, source) = match text.split_once('@') {
            None => (text, None),
            Some((group, source)) => {
                let address = source.parse::<IpAddr>();
                let wrong = |_| format!("{source} is no address of a source");
                (group, Some(address.map_err(wrong)?))
            }
        };
        let group = group.parse::<Group>().map_err(|error| error.to_string())?;
        if source.is_some_and(|source| source.is_ipv4() != group.address().is_ipv4()) {
            return Err("the group and its source are not of one family".to_owned());
        }
        Ok(Self { group, source })
    }
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<Outcome, Failure> {
    let format = arguments
        .format
        .unwrap_or(match (output.is_json(), arguments.stats) {
            (_, true) => Format::None,
            (true, false) => Format::Json,
            (false, false) => Format::Text,
        });
    let mut lan = open(arguments, format)?;
    let waker = lan.waker()?;
    let stop = Stop::on_signals(move || drop(waker.wake())).map_err(Failure::Signals)?;
    let mut is_fine = lan.failures().is_empty();
    for failure in lan.failures() {
        complain(failure);
    }
    if format != Format::Raw {
        for interface in lan.interfaces() {
            let port = arguments.port;
            output.note(
                format_args!("listening on {interface}, port {port}"),
                || {
                    json!({
                        "type": "listening",
                        "interface": record::interface(interface),
                        "port": port,
                    })
                },
            )?;
        }
    }
    output.flush()?;

    let printer = Printer::new(format, arguments.port);
    let mut heard = Heard::new(arguments.stats);
    let end = arguments
        .time
        .and_then(|time| Instant::now().checked_add(time));
    let most = arguments.count.unwrap_or(u64::MAX);
    while heard.datagrams() < most && !stop.is_told() && end.is_none_or(|end| Instant::now() < end)
    {
        let timeout = end.map(|end| end.saturating_duration_since(Instant::now()));
        let mut said = Ok(());
        lan.poll(timeout, |event| match event {
            Event::Datagram(datagram) if heard.datagrams() < most => {
                heard.take(&datagram);
                if said.is_ok() {
                    said = printer.print(&datagram, output);
                }
            }
            Event::Datagram(_) => {}
            other => {
                if let Event::Dropped { count, .. } = &other {
                    heard.drop(*count);
                }
                is_fine &= !matches!(other, Event::Failed { .. });
                if said.is_ok() {
                    said = news::tell(&other, output);
                }
            }
        })?;
        said?;
        output.flush()?;
    }
    heard.end(&lan);
    // What could be had in the end is no failure.
    is_fine &= !news::is_in_trouble(&lan);
    if format != Format::Raw {
        summary::tell(&heard, arguments.port, output)?;
    }
    let is_complete = arguments
        .count
        .is_none_or(|count| heard.datagrams() == count);
    Ok(Outcome::fine_if(is_fine && (is_complete || stop.is_told())))
}

fn open(arguments: &Arguments, format: Format) -> Result<Lan, Failure> {
    let shows_all = matches!(format, Format::Text | Format::Hex | Format::Json);
    let mut builder = Lan::builder()
        .interfaces(arguments.choice.selector())
        .port(arguments.port)
        .sharing(Sharing::WithOthers)
        .receive_buffer(RECEIVE_BUFFER)
        // Each takes a little time of each datagram.
        .metadata(Metadata {
            hops: shows_all,
            timestamp: shows_all || arguments.stats,
            ..Metadata::default()
        })
        .coalesce(arguments.stats);
    if format == Format::None {
        // Nobody sees a datagram any sooner, and the kernel says when it came.
        builder = builder.waiting(Waiting::Nap(NAP));
    }
    let mut groups: Vec<(Group, SourceFilter)> = Vec::new();
    for wanted in &arguments.group {
        let place = groups.iter().position(|(group, _)| *group == wanted.group);
        let place = place.unwrap_or_else(|| {
            groups.push((wanted.group, SourceFilter::Include([].into())));
            groups.len() - 1
        });
        match (&mut groups[place].1, wanted.source) {
            (SourceFilter::Include(sources), Some(source)) => drop(sources.insert(source)),
            (filter, None) => *filter = SourceFilter::any(),
            (SourceFilter::Exclude(_), Some(_)) => {} // from anybody already
        }
    }
    for (group, filter) in groups {
        builder = builder.join_from(group, filter);
    }
    builder.build().map_err(Failure::of_opening)
}

/// To take more at once, which saves most of the time that it takes to be woken.
const NAP: Duration = Duration::from_micros(100);
/// A tenth of a second at 50000 a second, if the system grants it.
const RECEIVE_BUFFER: usize = 4 << 20;
