use std::fmt::Write;

use serde_json::Value;

/// The line width that the notes web site sets.
const WIDTH: usize = 100;

/// JSON as the formatter of the notes web site lays out what it gets on one line: lists and objects stand on one line where they
/// fit, but a list of several objects is always broken. Ends with a newline.
pub(super) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0, 0, 0);
    text.push('\n');
    text
}

/// `before` and `after` are the columns that are taken by what stands on the line before and after the value.
fn write(text: &mut String, value: &Value, depth: usize, before: usize, after: usize) {
    let flat = flat(value);
    let entries: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (format!("{}: ", plain(key)), value)).collect(),
        _ => Vec::new(),
    };
    if entries.is_empty() || (!must_break(value) && before + width(&flat) + after <= WIDTH) {
        text.push_str(&flat);
        return;
    }
    let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
    let indent = "  ".repeat(depth + 1);
    text.push(open);
    let count = entries.len();
    for (at, (key, value)) in entries.into_iter().enumerate() {
        let comma = usize::from(at + 1 < count);
        let _ = write!(text, "\n{indent}{key}");
        write(text, value, depth + 1, indent.len() + width(&key), comma);
        text.push_str(&",".repeat(comma));
    }
    let _ = write!(text, "\n{}{close}", "  ".repeat(depth));
}

fn must_break(value: &Value) -> bool {
    let Some(items) = value.as_array().filter(|items| items.len() > 1) else { return false };
    items.iter().all(|item| item.as_object().is_some_and(|fields| fields.len() > 1))
        || items.iter().all(|item| item.as_array().is_some_and(|items| items.len() > 1))
}

fn flat(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{}: {}", plain(key), flat(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => crate::json::escape_json(&other.to_string()),
    }
}

fn plain(key: &str) -> String {
    crate::json::escape_json(&Value::from(key).to_string())
}

/// Columns on a terminal: letters of East Asia take two.
fn width(text: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}');
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn layout() {
        let word = "x".repeat(30);
        let cases = [
            (json!({}), "{}\n".to_owned()),
            (json!({"a": [], "b": {"c": [1, "<"]}}), "{ \"a\": [], \"b\": { \"c\": [1, \"\\u003c\"] } }\n".to_owned()),
            (
                json!([{"a": 1, "b": 2}, {"a": 1, "b": 2}]),
                "[\n  { \"a\": 1, \"b\": 2 },\n  { \"a\": 1, \"b\": 2 }\n]\n".to_owned(),
            ),
            (json!([{"a": 1}, {"a": 1}]), "[{ \"a\": 1 }, { \"a\": 1 }]\n".to_owned()),
            (
                json!({"a": [word, word, word]}),
                format!("{{\n  \"a\": [\n    \"{word}\",\n    \"{word}\",\n    \"{word}\"\n  ]\n}}\n"),
            ),
        ];
        for (value, expected) in cases {
            assert_eq!(pretty(&value), expected);
        }
    }

    #[test]
    fn the_last_column_counts_the_comma() {
        for (length, broken) in [(88, false), (89, true)] {
            // `  "a": ["…"],` is 12 columns and the text.
            let value = json!({"a": ["x".repeat(length)], "b": 1});
            assert_eq!(pretty(&value).starts_with("{\n  \"a\": [\n"), broken, "{length}");
        }
    }
}
