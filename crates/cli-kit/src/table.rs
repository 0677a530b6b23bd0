//! Tables for people.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Width, presets};

use crate::human::{Lines, printable};

/// Columns between two cells.
const GAP: usize = 2;

/// Columns that are enough for the beginning of a remark.
const REMARK: usize = 24;

/// A table without borders: a heading and rows, columns two spaces apart. Cells are plain text; characters that steer a
/// terminal are taken out.
#[derive(Debug, Clone)]
pub struct Table {
    head: Vec<String>,
    right: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column headings.
    pub fn new<T: Into<String>>(head: impl IntoIterator<Item = T>) -> Self {
        Self { head: head.into_iter().map(Into::into).collect(), right: Vec::new(), rows: Vec::new() }
    }

    /// Aligns a column, counted from 0, to the right: for numbers.
    #[must_use]
    pub fn right(mut self, column: usize) -> Self {
        self.right.push(column);
        self
    }

    /// Adds a row.
    pub fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) -> &mut Self {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell.to_string(), Lines::One)).collect());
        self
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text. With a width, cells wrap between words to fit it. A long word of the last column runs over the edge, for the
    /// terminal to fold; where others do not fit, each row becomes a block of `heading value` lines. A version or digest that is cut into
    /// pieces could not be copied. Ends with a line break.
    #[must_use]
    pub fn render(&self, width: Option<u16>) -> String {
        // Some terminals say that they have no columns at all: they do not know.
        let Some(width) = width.filter(|width| *width > 0) else { return self.columns(None) };
        let least: Vec<usize> = (0..self.head.len()).map(|column| self.longest_word(column)).collect();
        let needed = least.iter().sum::<usize>() + GAP * least.len().saturating_sub(1);
        let last = least.last().copied().unwrap_or(0);
        match u16::try_from(needed) {
            Ok(needed) if needed <= width => self.columns(Some(width)),
            Ok(wide) if needed - last + REMARK <= usize::from(width) => self.columns(Some(wide)),
            _ => self.blocks(),
        }
    }

    /// The columns of the longest word of a column, its heading included.
    fn longest_word(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).chain(self.head.get(column));
        cells.flat_map(|cell| cell.split(' ')).map(length).max().unwrap_or(0)
    }

    fn columns(&self, width: Option<u16>) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_header(&self.head).add_rows(&self.rows);
        match width {
            // The gap after the last column is cut off.
            Some(width) => {
                table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.saturating_add(GAP as u16))
            }
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, GAP as u16));
            let least = u16::try_from(self.longest_word(index) + GAP).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
            if self.right.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut text = String::new();
        for line in table.to_string().lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn blocks(&self) -> String {
        let wide = self.head.iter().map(|name| length(name)).max().unwrap_or(0);
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            if number > 0 {
                text.push('\n');
            }
            for (name, cell) in self.head.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
                let gap = " ".repeat(wide - length(name) + GAP);
                text.push_str(&format!("{name}{gap}{cell}\n"));
            }
        }
        text
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["version", "bytes", "where"]).right(1);
        table.row(["v1.2.0", "12", "file:///srv/bucket/release/v1.2.0/a.tar.gz"]);
        table.row(["v1.2.0-alpha.1", "123456", "here\u{1b}[2J"]);
        table
    }

    #[test]
    fn without_a_terminal_nothing_is_wrapped() {
        insta::assert_snapshot!(table().render(None), @r"
        version          bytes  where
        v1.2.0              12  file:///srv/bucket/release/v1.2.0/a.tar.gz
        v1.2.0-alpha.1  123456  here�[2J
        ");
    }

    #[test]
    fn on_a_narrow_terminal_rows_become_blocks() {
        insta::assert_snapshot!(table().render(Some(47)), @r"
        version  v1.2.0
        bytes    12
        where    file:///srv/bucket/release/v1.2.0/a.tar.gz

        version  v1.2.0-alpha.1
        bytes    123456
        where    here�[2J
        ");
        for width in [1, 20, 48, 65] {
            let text = table().render(Some(width));
            assert!(text.contains("file:///srv/bucket/release/v1.2.0/a.tar.gz\n"), "{width}: {text}");
        }
        assert_eq!(table().render(Some(48)), table().render(None), "the last column runs over the edge");
        assert_eq!(table().render(Some(66)), table().render(None), "it fits");
        assert_eq!(table().render(Some(0)), table().render(None), "a terminal that does not know its width");
    }

    #[test]
    fn cells_wrap_between_words() {
        let mut table = Table::new(["version", "markers moved", "seconds"]).right(2);
        table.row(["v1.0.0-rc.0 v1.1.0-alpha.0", "latest latest-1 latest-1.0 latest-1.1", "12.34"]);
        insta::assert_snapshot!(table.render(Some(40)), @r"
        version         markers moved    seconds
        v1.0.0-rc.0     latest latest-1    12.34
        v1.1.0-alpha.0  latest-1.0
                        latest-1.1
        ");
        for width in 35..80 {
            let text = table.render(Some(width));
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{width}: {text}");
            for word in ["v1.0.0-rc.0", "v1.1.0-alpha.0", "latest-1.0", "latest-1.1", "12.34"] {
                assert!(text.split_whitespace().any(|found| found == word), "{width}: {text}");
            }
        }
    }

    #[test]
    fn headings_alone() {
        assert_eq!(Table::new(["a", "b"]).render(None), "a  b\n");
    }
}
