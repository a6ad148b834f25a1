//! Listing until nothing changed in between.

#![forbid(unsafe_code)]

use std::io;

use crate::snapshot::Snapshot;
use crate::sys::answer::Answer;
use crate::table::{Size, Table};

/// Lists into an empty table, again and again until a listing is whole, or was
/// torn too often. `size` is that of the last listing.
pub(crate) fn repeat(
    size: &mut Size,
    mut list: impl FnMut(&mut Table) -> io::Result<Answer>,
) -> io::Result<Snapshot> {
    let mut table = Table::with_capacity(*size);
    let mut is_consistent = false;
    for attempt in 1..=TRIES {
        table.clear();
        match list(&mut table) {
            Ok(Answer::Whole) => {
                is_consistent = true;
                break;
            }
            Ok(Answer::Torn) => {}
            // What there is to list became more while it was being copied.
            Err(error) if error.raw_os_error() == Some(libc::ENOMEM) && attempt < TRIES => {}
            Err(error) => return Err(error),
        }
    }
    if !is_consistent {
        table.remove_repeated_addresses();
    }
    *size = table.size();
    Ok(Snapshot {
        interfaces: table.into_interfaces(),
        is_consistent,
    })
}

/// As often as Linux's listing.
pub(crate) const TRIES: usize = 4;
