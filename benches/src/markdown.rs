//! The report as Markdown, for the documentation.

use crate::machine::Machine;

/// What a topic measured.
pub(crate) struct Report<'a> {
    pub(crate) title: &'a str,
    pub(crate) command: &'a str,
    pub(crate) machine: &'a Machine,
    /// Which bars were passed or missed.
    pub(crate) verdicts: &'a [String],
    /// Tables and what belongs to them, each a paragraph.
    pub(crate) figures: &'a [String],
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
        paragraphs.extend_from_slice(self.figures);
        paragraphs.join("\n\n") + "\n"
    }
}

/// A list of these items.
pub(crate) fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<_> = items
        .iter()
        .map(|i| format!("- {}", i.to_string()))
        .collect();
    items.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_everything_in_order() {
        let machine = Machine::this();
        let report = Report {
            title: "Listing",
            command: "cargo run",
            machine: &machine,
            verdicts: &["PASS it is fast".to_owned()],
            figures: &["| listing | ours |".to_owned()],
            notes: &["N is a number."],
        };
        let page = report.page(Some("listing.svg"));
        let parts = [
            "# Listing\n\nMeasured ",
            "by `cargo run`, which",
            "![Listing](listing.svg)",
            "- N is a number.",
            "## The bars\n\n- PASS it is fast",
            "## The figures\n\n| listing | ours |",
        ];
        let found: Vec<_> = parts.iter().map(|part| page.find(part)).collect();
        assert!(found.iter().all(Option::is_some), "{page}");
        assert!(found.is_sorted(), "{page}");
        assert!(!report.page(None).contains(".svg"));
    }
}
