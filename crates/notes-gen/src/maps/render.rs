//! Maps as YAML text, for people to edit.

use serde_json::{Map, Value as Json};

use super::{MapField, NoteMap};
use crate::cve::{CveField, CveRecord};
use crate::{Documentation, Note};

/// Writes a map. Every text is quoted or a block, so that it reads back as it is, whatever it holds.
///
/// With the note, the fields that the map does not set are there too, as comments with the note's values: take the `#` away to
/// change one.
pub fn render_map(map: &NoteMap, note: Option<&Note>) -> String {
    let mut text = String::new();
    line(&mut text, 0, "pr", &map.pull.map_or(0, crate::PullNumber::get).to_string());
    if let Some(embargo) = map.embargo {
        line(&mut text, 0, "embargo", &embargo.to_string());
    }
    if let Some(commit) = &map.commit {
        scalar(&mut text, 0, "commit", commit);
    }
    let fields: Vec<MapField> = MapField::ALL.into_iter().filter(|field| is_of_note(*field)).collect();
    let any = fields.iter().any(|field| map.sets(*field)) || map.release_version.is_some();
    if any || note.is_some() {
        // Without an active field the map below would be empty, which is the same as none.
        text.push_str(if any { "releasenote:\n" } else { "# releasenote:\n" });
        for field in fields {
            if map.sets(field) {
                text.push_str(&field_text(map, field));
            } else if let Some(note) = note {
                text.extend(field_text(&of_note(note), field).lines().map(|line| format!("# {line}\n")));
            }
        }
        if let Some(version) = &map.release_version {
            scalar(&mut text, 2, "release_version", version);
        }
    }
    let mut data = String::new();
    if let Some(cve) = &map.cve {
        data.push_str(&record(cve));
    }
    if let Some(fields) = &map.data {
        entries(&mut data, 2, fields);
    }
    if !data.is_empty() {
        text.push_str("datafields:\n");
        text.push_str(&data);
    } else if map.data.is_some() {
        text.push_str("datafields: {}\n");
    }
    if let Some(body) = &map.pr_body {
        scalar(&mut text, 0, "pr_body", body);
    }
    text
}

/// The map that makes `after` of `before`: the fields that differ.
pub fn derive_map(before: &Note, after: &Note) -> NoteMap {
    let mut map = NoteMap::new(before.pr_number);
    let set = |differs: bool| differs.then_some(());
    map.text = set(before.text != after.text).map(|()| after.text.clone());
    map.author = set(before.author != after.author).map(|()| after.author.clone());
    map.areas = set(before.areas != after.areas).map(|()| after.areas.clone());
    map.kinds = set(before.kinds != after.kinds).map(|()| after.kinds.clone());
    map.sigs = set(before.sigs != after.sigs).map(|()| after.sigs.clone());
    map.feature = set(before.feature != after.feature).map(|()| after.feature);
    map.action_required = set(before.action_required != after.action_required).map(|()| after.action_required);
    map.do_not_publish = set(before.do_not_publish != after.do_not_publish).map(|()| after.do_not_publish);
    map.documentation = set(before.documentation != after.documentation).map(|()| after.documentation.clone());
    map
}

fn is_of_note(field: MapField) -> bool {
    !matches!(field, MapField::Data | MapField::Cve)
}

/// A map with all values of a note.
fn of_note(note: &Note) -> NoteMap {
    NoteMap {
        text: Some(note.text.clone()),
        author: Some(note.author.clone()),
        areas: Some(note.areas.clone()),
        kinds: Some(note.kinds.clone()),
        sigs: Some(note.sigs.clone()),
        feature: Some(note.feature),
        action_required: Some(note.action_required),
        do_not_publish: Some(note.do_not_publish),
        documentation: Some(note.documentation.clone()),
        ..NoteMap::default()
    }
}

fn field_text(map: &NoteMap, field: MapField) -> String {
    let mut text = String::new();
    let key = field.key();
    let flag = |flag: Option<bool>| flag.unwrap_or_default().to_string();
    match field {
        MapField::Text => scalar(&mut text, 2, key, map.text.as_deref().unwrap_or_default()),
        MapField::Author => scalar(&mut text, 2, key, map.author.as_deref().unwrap_or_default()),
        MapField::Areas => words(&mut text, key, map.areas.as_deref().unwrap_or_default()),
        MapField::Kinds => words(&mut text, key, map.kinds.as_deref().unwrap_or_default()),
        MapField::Sigs => words(&mut text, key, map.sigs.as_deref().unwrap_or_default()),
        MapField::Feature => line(&mut text, 2, key, &flag(map.feature)),
        MapField::ActionRequired => line(&mut text, 2, key, &flag(map.action_required)),
        MapField::DoNotPublish => line(&mut text, 2, key, &flag(map.do_not_publish)),
        MapField::Documentation => links(&mut text, key, map.documentation.as_deref().unwrap_or_default()),
        MapField::Data | MapField::Cve => {}
    }
    text
}

fn record(cve: &CveRecord) -> String {
    let mut text = String::from("  cve:\n");
    for field in CveField::ALL {
        let key = field.key();
        let required = matches!(
            field,
            CveField::Id
                | CveField::Title
                | CveField::Description
                | CveField::Vector
                | CveField::Score
                | CveField::Rating
        );
        let mut put = |value: &str| {
            if required || !value.is_empty() {
                scalar(&mut text, 4, key, value);
            }
        };
        match field {
            CveField::Id => put(&cve.id),
            CveField::Title => put(&cve.title),
            CveField::Description => put(&cve.description),
            CveField::Vector => put(&cve.vector),
            CveField::Score if crate::cve::Score::parse(&cve.score).is_some() => line(&mut text, 4, key, &cve.score),
            CveField::Score => put(&cve.score),
            CveField::Rating => put(&cve.rating),
            CveField::Issue => put(&cve.issue),
            CveField::Published => {
                if let Some(date) = cve.published {
                    line(&mut text, 4, key, &date.to_string());
                }
            }
            CveField::Embargo => {
                if let Some(embargo) = cve.embargo {
                    line(&mut text, 4, key, &embargo.to_string());
                }
            }
            CveField::LinkedPulls => {
                if !cve.linked_pulls.is_empty() {
                    let numbers: Vec<String> = cve.linked_pulls.iter().map(ToString::to_string).collect();
                    line(&mut text, 4, key, &format!("[{}]", numbers.join(", ")));
                }
            }
        }
    }
    text
}

fn line(text: &mut String, indent: usize, key: &str, value: &str) {
    text.push_str(&format!("{:indent$}{}: {value}\n", "", key_text(key)));
}

/// A key: plain when it is a plain word, else quoted.
fn key_text(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && !matches!(
            key.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain { key.to_owned() } else { quoted(key) }
}

/// Text in double quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if needs_escape(c) && u32::from(c) > 0xffff => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
            c if needs_escape(c) => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What YAML does not allow as it is, and what would be invisible.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        || (u32::from(c) & 0xfffe) == 0xfffe
}

/// A text value: a literal block when it has several lines and a block can hold it, else in double quotes.
fn scalar(text: &mut String, indent: usize, key: &str, value: &str) {
    let (body, keep) = match value.strip_suffix('\n') {
        Some(body) => (body, "|"),
        None => (value, "|-"),
    };
    let fits = body.contains('\n')
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && body.lines().all(|line| line.trim_end() == line || line.is_empty())
        && !body.chars().any(|c| c != '\n' && needs_escape(c));
    if !fits {
        return line(text, indent, key, &quoted(value));
    }
    line(text, indent, key, keep);
    for part in body.split('\n') {
        if part.is_empty() {
            text.push('\n');
        } else {
            text.push_str(&format!("{:width$}{part}\n", "", width = indent + 2));
        }
    }
}

fn words(text: &mut String, key: &str, words: &[String]) {
    if words.is_empty() {
        return line(text, 2, key, "[]");
    }
    text.push_str(&format!("  {key}:\n"));
    for word in words {
        text.push_str(&format!("    - {}\n", quoted(word)));
    }
}

fn links(text: &mut String, key: &str, links: &[Documentation]) {
    if links.is_empty() {
        return line(text, 2, key, "[]");
    }
    text.push_str(&format!("  {key}:\n"));
    for link in links {
        let kind = String::from(link.kind.clone());
        let parts = [("description", &link.description), ("url", &link.url), ("type", &kind)];
        let mut mark = "- ";
        for (name, value) in parts.into_iter().filter(|(name, value)| *name != "description" || !value.is_empty()) {
            text.push_str(&format!("    {mark}{name}: {}\n", quoted(value)));
            mark = "  ";
        }
    }
}

fn entries(text: &mut String, indent: usize, fields: &Map<String, Json>) {
    for (key, value) in fields {
        match value {
            Json::String(value) => scalar(text, indent, key, value),
            // JSON is YAML, except for what it leaves unescaped in strings.
            other => line(text, indent, key, &flow(other)),
        }
    }
}

fn flow(value: &Json) -> String {
    match value {
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::Object(fields) => {
            let pairs: Vec<String> =
                fields.iter().map(|(key, value)| format!("{}: {}", quoted(key), flow(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        plain => plain.to_string(),
    }
}
