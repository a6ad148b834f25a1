//! What happens on a LAN beside datagrams, as it is told.

use ifcast::{Attempt, Event, Lan, State};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{Output, complain};
use crate::record;

/// Tells of what is no datagram: what goes wrong always, what else happens unless quiet.
pub(crate) fn tell(event: &Event<'_>, output: &mut Output) -> Result<(), Failure> {
    match event {
        Event::InterfaceJoined { interface } => output.note(
            format_args!("{interface} joined"),
            || json!({ "type": "joined", "interface": record::interface(*interface) }),
        ),
        Event::InterfaceLeft { interface, why } => {
            output.note(format_args!("{interface} left: {why}"), || {
                json!({
                    "type": "left",
                    "interface": record::interface(*interface),
                    "why": why.to_string(),
                })
            })
        }
        Event::Membership {
            interface,
            group,
            state,
        } => output.note(format_args!("{interface}: group {group}: {state}"), || {
            json!({
                "type": "membership",
                "interface": record::interface(*interface),
                "group": group.to_string(),
                "in_force": matches!(state, State::Joined),
                "state": state.to_string(),
            })
        }),
        Event::Recovered { interface } => output.note(
            format_args!("{interface}: all is there again"),
            || json!({ "type": "recovered", "interface": record::interface(*interface) }),
        ),
        Event::Dropped { scope, count } => {
            let interface = scope.interface().map(record::interface);
            output.note(
                format_args!("{scope}: {count} datagrams came faster than they were taken"),
                || json!({ "type": "dropped", "interface": interface, "datagrams": count }),
            )
        }
        Event::Degraded { interface, error } => {
            let error = error.to_string();
            trouble(&error, record::error(Some(*interface), &error), output)
        }
        Event::Failed { scope, error } => {
            let error = Attempt::Receive.explain(error);
            let error = format!("receive on {scope}: {error}");
            let record = record::error(scope.interface(), &error);
            trouble(&error, record, output)
        }
        Event::NotFollowing { error } => {
            let error = error.to_string();
            trouble(&error, record::error(None, &error), output)
        }
        _ => Ok(()),
    }
}

/// Whether something that is wanted could not be had anywhere.
pub(crate) fn is_in_trouble(lan: &Lan) -> bool {
    let status = lan.status();
    let mut interfaces = status.interfaces.iter();
    interfaces.any(|interface| !interface.troubles.is_empty())
}

fn trouble(error: &str, record: Value, output: &mut Output) -> Result<(), Failure> {
    complain(error);
    if output.is_json() {
        return output.result("", || record);
    }
    Ok(())
}
