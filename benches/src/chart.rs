//! The figures as a drawing: a line for each method, a dot for each number of
//! things, time on a logarithmic scale.

use std::io;
use std::ops::Range;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::combinators::{IntoLogRange, LogCoord};
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, IntoFont, RGBColor, TextStyle, WHITE};

use crate::method::{Method, Side};
use crate::table::{Row, Table};

/// Whether this was built to draw.
///
/// # Errors
/// `Unsupported` if not.
pub(crate) fn can_draw() -> io::Result<()> {
    Ok(())
}

/// Draws the medians.
///
/// # Errors
/// Those of the drawing library.
pub(crate) fn svg(title: &str, table: &Table) -> io::Result<String> {
    let lines = lines(table);
    let height = HEAD + LINE_HEIGHT * lines.len() + FOOT;
    let size = (WIDTH.unsigned_abs(), pixels(height)?.unsigned_abs());
    let mut svg = String::new();
    let page = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    page.fill(&WHITE).map_err(io::Error::other)?;
    let drawing = Drawing {
        page,
        sizes: table.sizes(),
    };
    drawing.text((MARGIN, 28), title, 20, BLACK, HPos::Left)?;
    drawing.legend()?;
    drawing.lines(&lines)?;
    drop(drawing); // which completes the text
    Ok(svg)
}

/// What stands at one height.
enum Line<'a> {
    Task(&'a str),
    Method(Method, &'a [Row]),
}

/// Every task, and below it its methods.
fn lines(table: &Table) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for rows in table.rows().chunk_by(|a, b| a.task == b.task) {
        lines.push(Line::Task(&rows[0].task));
        let methods = rows.chunk_by(|a, b| a.outcome.method == b.outcome.method);
        lines.extend(methods.map(|rows| Line::Method(rows[0].outcome.method, rows)));
    }
    lines
}

/// Where microseconds are from left to right.
struct Scale<'a>(ChartContext<'a, SVGBackend<'a>, Cartesian2d<LogCoord<f64>, RangedCoordf64>>);

struct Drawing<'a> {
    page: DrawingArea<SVGBackend<'a>, Shift>,
    sizes: Vec<usize>,
}

impl<'a> Drawing<'a> {
    fn lines(&self, lines: &[Line<'_>]) -> io::Result<()> {
        let scale = self.scale(lines)?;
        for (position, line) in lines.iter().enumerate() {
            let y = pixels(HEAD + LINE_HEIGHT * position + LINE_HEIGHT / 2)?;
            match line {
                Line::Task(name) => self.text((MARGIN, y), name, 15, BLACK, HPos::Left)?,
                Line::Method(method, rows) => {
                    let colour = colour(method.side);
                    self.text((LABELS - 16, y), method.name, 13, colour, HPos::Right)?;
                    let x = |row: &Row| scale.0.backend_coord(&(microseconds(row), 0.0)).0;
                    let dots: Vec<_> = rows.iter().map(|row| ((x(row), y), row.n)).collect();
                    self.dots(&dots, colour)?;
                }
            }
        }
        Ok(())
    }

    /// Draws the axis of time.
    fn scale(&self, lines: &[Line<'_>]) -> io::Result<Scale<'a>> {
        let mut scale = ChartBuilder::on(&self.page)
            .margin_top(pixels(HEAD)?)
            .margin_right(MARGIN)
            .x_label_area_size(pixels(FOOT)?)
            .y_label_area_size(LABELS)
            .build_cartesian_2d(decades(lines).log_scale(), 0.0..1.0)
            .map_err(io::Error::other)?;
        scale
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .bold_line_style(colour(Side::Floor).mix(0.4))
            .light_line_style(WHITE)
            .x_label_style(style(13, BLACK, HPos::Center))
            .x_label_formatter(&|microseconds| time(*microseconds))
            .draw()
            .map_err(io::Error::other)?;
        Ok(Scale(scale))
    }

    /// Tells what the dots and the colours mean.
    fn legend(&self) -> io::Result<()> {
        let mut x = MARGIN + 8;
        for &n in &self.sizes {
            self.dots(&[((x, 56), n)], BLACK)?;
            self.text((x + 12, 56), &format!("N = {n}"), 13, BLACK, HPos::Left)?;
            x += 96;
        }
        for (side, name) in [
            (Side::Floor, "what the kernel takes"),
            (Side::Ours, "ifcast"),
            (Side::Peer, "others"),
        ] {
            self.text((x, 56), name, 13, colour(side), HPos::Left)?;
            x += if side == Side::Floor { 144 } else { 64 };
        }
        Ok(())
    }

    fn dots(&self, dots: &[((i32, i32), usize)], colour: RGBColor) -> io::Result<()> {
        let places: Vec<_> = dots.iter().map(|(place, _)| *place).collect();
        let path = PathElement::new(places, colour.mix(0.5));
        self.page.draw(&path).map_err(io::Error::other)?;
        for (place, n) in dots {
            let rank = self.sizes.iter().position(|size| size == n);
            let radius = pixels(3 + rank.unwrap_or_default())?;
            let dot = Circle::new(*place, radius, colour.filled());
            self.page.draw(&dot).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn text(
        &self,
        place: (i32, i32),
        text: &str,
        size: i32,
        colour: RGBColor,
        side: HPos,
    ) -> io::Result<()> {
        let style = style(size, colour, side);
        self.page
            .draw_text(text, &style, place)
            .map_err(io::Error::other)
    }
}

fn style(size: i32, colour: RGBColor, side: HPos) -> TextStyle<'static> {
    let font = ("sans-serif", size).into_font();
    let position = Pos::new(side, VPos::Center);
    TextStyle {
        color: colour.to_backend_color(),
        ..TextStyle::from(font).pos(position)
    }
}

/// From the power of ten below the least to the one above the most.
fn decades(lines: &[Line<'_>]) -> Range<f64> {
    let rows = lines.iter().filter_map(|line| match line {
        Line::Task(_) => None,
        Line::Method(_, rows) => Some(*rows),
    });
    let exponents = rows.flatten().map(|row| microseconds(row).log10());
    let (least, most) = exponents.fold((0.0, 0.0), |(least, most): (f64, f64), exponent| {
        (least.min(exponent), most.max(exponent))
    });
    10f64.powf(least.floor())..10f64.powf(most.ceil())
}

fn microseconds(row: &Row) -> f64 {
    row.outcome.median.as_secs_f64() * 1e6
}

fn time(microseconds: f64) -> String {
    let (value, unit) = match microseconds {
        ..0.999 => (microseconds * 1e3, "ns"),
        0.999..999.0 => (microseconds, "µs"),
        999.0..0.999e6 => (microseconds / 1e3, "ms"),
        _ => (microseconds / 1e6, "s"),
    };
    format!("{value:.0} {unit}")
}

const fn colour(side: Side) -> RGBColor {
    match side {
        Side::Floor => RGBColor(120, 120, 120),
        Side::Ours => RGBColor(200, 60, 20),
        Side::Peer => RGBColor(40, 90, 160),
    }
}

fn pixels(length: usize) -> io::Result<i32> {
    i32::try_from(length).map_err(io::Error::other)
}

const WIDTH: i32 = 960;
const MARGIN: i32 = 24;
const LABELS: i32 = 290;
const HEAD: usize = 80;
const FOOT: usize = 40;
const LINE_HEIGHT: usize = 22;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::fixture::row;

    #[test]
    fn a_drawing_names_every_method_and_has_a_dot_for_each_number_of_things() {
        let rows = [("ours", 9, 1), ("ours", 90, 8), ("theirs", 9, 2000)];
        let table = Table::new(rows.map(|(name, n, micros)| row(name, n, micros)).into());
        let svg = svg("Listing", &table).unwrap();
        let legend = 2;
        assert_eq!(svg.matches("<circle").count(), 3 + legend, "{svg}");
        for text in ["Listing", "listing", "ours", "theirs", "N = 90", "10 ms"] {
            assert!(svg.contains(&format!("\n{text}\n")), "{text} in {svg}");
        }
        assert!(svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn times_are_told_in_the_unit_that_suits_them() {
        let told = [0.01, 1.0, 100.0, 1000.0, 1e6].map(time);
        assert_eq!(told, ["10 ns", "1 µs", "100 µs", "1 ms", "1 s"]);
    }
}
