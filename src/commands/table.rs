//! Rows for a person: columns under heads, each as wide as what stands in it.

use std::fmt::Write as _;
use std::io::Write;

/// Writes rows; the first one holds the heads.
pub(super) fn write(rows: &[Vec<String>], output: &mut impl Write) -> anyhow::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let widths: Vec<usize> = (0..columns)
        .map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            write!(line, "{cell:width$}  ")?;
        }
        writeln!(output, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A text that cannot command a terminal.
pub(super) fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_heads() {
        let rows = [["STATE", "WHO"], ["dead", "ana"], ["waiting", "b"]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        let mut output = Vec::new();
        write(&rows, &mut output).unwrap();
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "STATE    WHO\ndead     ana\nwaiting  b\n"
        );
    }

    #[test]
    fn a_text_cannot_command_a_terminal() {
        assert_eq!(on_one_line("a\u{1b}[2J\nb\u{9b}c"), "a [2J b c");
    }
}
