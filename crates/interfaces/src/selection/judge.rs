//! Whether a rule chooses an interface.

use crate::interface::Interface;
use crate::selection::lan;
use crate::selection::rule::{Criterion, Rule};
use crate::selection::surroundings::Surroundings;
use crate::selection::verdict::{Reason, Verdict};

/// Judges an interface in its surroundings. Of several rules that of the first
/// which decides is the reason.
pub(crate) fn judge<'s>(
    rule: &'s Rule,
    interface: &Interface,
    surroundings: &Surroundings,
) -> Verdict<'s> {
    let judge = |rule| judge(rule, interface, surroundings);
    match rule {
        Rule::Lan => lan::verdict(interface, surroundings),
        Rule::Not(rule) => judge(rule).reversed(),
        Rule::Or(rules) => {
            let [first, second] = rules.each_ref();
            let verdict = judge(first);
            if verdict.is_chosen() {
                return verdict;
            }
            let other = judge(second);
            if other.is_chosen() { other } else { verdict }
        }
        Rule::And(rules) => {
            let [first, second] = rules.each_ref();
            let verdict = judge(first);
            if !verdict.is_chosen() {
                return verdict;
            }
            let other = judge(second);
            if other.is_chosen() { verdict } else { other }
        }
        rule if rule.holds_for(interface) => Verdict::new(true, Reason::Matches(Criterion(rule))),
        rule => Verdict::new(false, Reason::Differs(Criterion(rule))),
    }
}
