//! Tables for people.

use comfy_table::{CellAlignment, ContentArrangement, presets};

use crate::human::{Lines, printable};

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

    /// The table as text, wrapped to `width` columns when there is one. Ends with a line break.
    #[must_use]
    pub fn render(&self, width: Option<u16>) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_header(&self.head).add_rows(&self.rows);
        match width {
            Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        let right = &self.right;
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if right.contains(&index) {
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
    fn on_a_terminal_cells_wrap() {
        insta::assert_snapshot!(table().render(Some(48)), @r"
        version          bytes  where
        v1.2.0              12  file:///srv/bucket/rel
                                ease/v1.2.0/a.tar.gz
        v1.2.0-alpha.1  123456  here�[2J
        ");
    }

    #[test]
    fn headings_alone() {
        assert_eq!(Table::new(["a", "b"]).render(None), "a  b\n");
    }
}
