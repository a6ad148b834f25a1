//! What was heard, as a table, and whether it is what should have been.

use std::process::ExitCode;
use std::time::Duration;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use ifcast::{Error, Event, Lan};

/// What was sent, who heard it, on which interface, from where, as what.
pub(crate) type Row = [String; 5];

/// What a host hears, until nothing more comes.
pub(crate) fn heard_by(name: &str, lan: &mut Lan) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    let mut note = |event: Event<'_>| {
        let Event::Datagram(heard) = event else {
            return;
        };
        rows.push([
            String::from_utf8_lossy(heard.payload()).into_owned(),
            name.to_owned(),
            heard.interface().name().to_string(),
            heard.source().to_string(),
            heard.cast().to_string(),
        ]);
    };
    while lan.poll(Some(Duration::from_millis(300)), &mut note)? > 0 {}
    Ok(rows)
}

/// Prints the table. All is well if there are as many rows as expected, none
/// twice, each sent on the interface where it was heard.
pub(crate) fn print(mut rows: Vec<Row>, expected: usize) -> ExitCode {
    rows.sort();
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["sent", "heard by", "on", "from", "as"]);
    println!("{}", table.add_rows(&rows));

    let count = rows.len();
    rows.dedup();
    let well = [count, rows.len()] == [expected; 2]
        && rows
            .iter()
            .all(|[sent, _, on, ..]| sent.starts_with(&format!("{on}: ")));
    println!(
        "{count} of {expected}: {}",
        if well { "all well" } else { "WRONG" }
    );
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
