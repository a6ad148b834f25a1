//! The report as Markdown, for the documentation.

use comfy_table::presets::ASCII_MARKDOWN;

use crate::bar::Verdict;
use crate::machine::Machine;
use crate::table::Table;

/// What a topic measured.
pub(crate) struct Report<'a> {
    pub(crate) title: &'a str,
    pub(crate) command: &'a str,
    pub(crate) machine: &'a Machine,
    pub(crate) table: &'a Table,
    pub(crate) verdicts: &'a [Verdict],
    /// How it was measured, and what the figures leave out.
    pub(crate) notes: &'a [&'a str],
}

impl Report<'_> {
    /// Writes a page; `chart` is the drawing's path as seen from it.
    pub(crate) fn page(&self, chart: Option<&str>) -> String {
        let Self {
            title,
            command,
            machine,
            ..
        } = self;
        let mut paragraphs = vec![
            format!("# {title}"),
            format!("Measured {machine}, by `{command}`, which wrote this page."),
        ];
        paragraphs.extend(chart.map(|path| format!("![{title}]({path})")));
        paragraphs.push(list(self.notes));
        paragraphs.push("## The bars".to_owned());
        paragraphs.push(list(self.verdicts));
        paragraphs.push("## The figures".to_owned());
        paragraphs.push(self.table.render(ASCII_MARKDOWN));
        paragraphs.extend(Some(list(self.table.facts())).filter(|facts| !facts.is_empty()));
        paragraphs.join("\n\n") + "\n"
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<_> = items
        .iter()
        .map(|i| format!("- {}", i.to_string()))
        .collect();
    items.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::fixture::row;

    #[test]
    fn a_page_has_everything_in_order() {
        let table = Table::new(vec![row("ours", 9, 20)]);
        let machine = Machine::this();
        let report = Report {
            title: "Listing",
            command: "cargo run",
            machine: &machine,
            table: &table,
            verdicts: &[],
            notes: &["N is a number."],
        };
        let page = report.page(Some("listing.svg"));
        let parts = [
            "# Listing\n\nMeasured ",
            "by `cargo run`, which",
            "![Listing](listing.svg)",
            "- N is a number.",
            "## The figures",
            "| listing | ours ",
        ];
        let found: Vec<_> = parts.iter().map(|part| page.find(part)).collect();
        assert!(found.iter().all(Option::is_some), "{page}");
        assert!(found.is_sorted(), "{page}");
        assert!(!report.page(None).contains(".svg"));
    }
}
