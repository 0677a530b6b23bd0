use serde_json::Map;

use super::{MapError, MapField, MapProblem, NoteMap};
use crate::cve::{self, CveRecord};
use crate::node::{self, Node, Pair, Value};
use crate::{Documentation, DocumentationKind, PullNumber};

/// A file of maps: its name and its documents, whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapFile {
    name: String,
    maps: Vec<NoteMap>,
}

const TOP: [&str; 6] = ["pr", "commit", "releasenote", "datafields", "pr_body", "embargo"];
const NOTE: [&str; 10] = [
    "text",
    "author",
    "areas",
    "kinds",
    "sigs",
    "feature",
    "action_required",
    "do_not_publish",
    "documentation",
    "release_version",
];
const LINK: [&str; 3] = ["description", "url", "type"];

impl MapFile {
    /// Reads all documents of a file; `name` names it in messages and settles its place among others.
    ///
    /// # Errors
    /// The first line that cannot be used. A file with one is not read at all.
    pub fn parse(name: impl Into<String>, text: &str) -> Result<Self, MapError> {
        let name = name.into();
        let reader = Reader { quiet: text.contains("embargo") };
        let problem = |(line, problem)| MapError { file: name.clone(), line, problem };
        let documents = node::parse(text).map_err(|error| problem(yaml(error)))?;
        let maps = documents.iter().map(|document| reader.document(document)).collect::<Result<Vec<_>, _>>();
        let maps = maps.map_err(problem)?;
        Ok(Self { name, maps })
    }

    /// A file made of maps.
    pub fn new(name: impl Into<String>, maps: Vec<NoteMap>) -> Self {
        Self { name: name.into(), maps }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its documents in order.
    pub fn maps(&self) -> &[NoteMap] {
        &self.maps
    }
}

type Problem = (usize, MapProblem);

fn yaml(error: node::NodeError) -> Problem {
    (error.line, MapProblem::Yaml { what: error.what })
}

struct Reader {
    /// Nothing of the file may be repeated.
    quiet: bool,
}

impl Reader {
    fn document(&self, node: &Node) -> Result<NoteMap, Problem> {
        let pairs = node.map().ok_or((node.line, MapProblem::NotAMap))?;
        let mut map = NoteMap { line: node.line, ..NoteMap::default() };
        let mut zero_pull = None;
        for pair in pairs {
            match pair.key.as_str() {
                "pr" => match pair.node.number::<u64>() {
                    Some(0) => zero_pull = Some(pair.line),
                    Some(number) => map.pull = PullNumber::new(number),
                    None => return wrong(pair, "pr", "the number of a pull request"),
                },
                "commit" => map.commit = text(pair, "commit")?,
                "releasenote" => match &pair.node.value {
                    Value::Map(pairs) => self.note(&mut map, pairs)?,
                    Value::Null => {}
                    _ => return wrong(pair, "releasenote", "a map"),
                },
                "datafields" => match &pair.node.value {
                    Value::Map(pairs) => self.data(&mut map, pair, pairs)?,
                    Value::Null => {}
                    _ => return wrong(pair, "datafields", "a map"),
                },
                "pr_body" => map.pr_body = text(pair, "pr_body")?,
                // Left empty it would hold nothing back, and nobody writes the key for that.
                "embargo" => match pair.node.text().and_then(cve::parse_embargo) {
                    Some(instant) => map.embargo = Some(instant),
                    None => return wrong(pair, "embargo", "a date or an instant such as 2026-12-01T00:00:00Z"),
                },
                _ => return Err(self.unknown(pair, &TOP, &NOTE, "releasenote")),
            }
        }
        if map.pull.is_none() && map.cve.as_ref().is_none_or(|cve| cve.linked_pulls.is_empty()) {
            return match zero_pull {
                Some(line) => Err((line, MapProblem::Type { key: "pr", expected: "a number above zero" })),
                None => Err((node.line, MapProblem::MissingPull)),
            };
        }
        Ok(map)
    }

    fn note(&self, map: &mut NoteMap, pairs: &[Pair]) -> Result<(), Problem> {
        for pair in pairs {
            if let Some(field) = MapField::ALL.into_iter().find(|field| field.key() == pair.key) {
                map.lines[field as usize] = pair.line;
            }
            match pair.key.as_str() {
                "text" => {
                    map.text = text(pair, "text")?;
                    if map.text.as_deref().is_some_and(|text| text.trim().is_empty()) {
                        return wrong(pair, "text", "more than blanks; `do_not_publish: true` hides a note");
                    }
                }
                "author" => map.author = text(pair, "author")?,
                "release_version" => map.release_version = text(pair, "release_version")?,
                "areas" => map.areas = words(pair, "areas")?,
                "kinds" => map.kinds = words(pair, "kinds")?,
                "sigs" => map.sigs = words(pair, "sigs")?,
                "feature" => map.feature = flag(pair, "feature")?,
                "action_required" => map.action_required = flag(pair, "action_required")?,
                "do_not_publish" => map.do_not_publish = flag(pair, "do_not_publish")?,
                "documentation" => map.documentation = self.links(pair)?,
                _ => return Err(self.unknown(pair, &NOTE, &TOP, "the document itself")),
            }
        }
        Ok(())
    }

    fn links(&self, pair: &Pair) -> Result<Option<Vec<Documentation>>, Problem> {
        if pair.node.value == Value::Null {
            return Ok(None);
        }
        let Some(items) = pair.node.list() else { return wrong(pair, "documentation", "a list of links") };
        let mut links = Vec::new();
        for item in items {
            let expected = MapProblem::Type { key: "documentation", expected: "a list of maps with `url` and `type`" };
            let pairs = item.map().ok_or((item.line, expected.clone()))?;
            let kind = DocumentationKind::External;
            let mut link = Documentation { description: String::new(), url: String::new(), kind };
            for pair in pairs {
                match pair.key.as_str() {
                    "description" => link.description = text(pair, "description")?.unwrap_or_default(),
                    "url" => link.url = text(pair, "url")?.unwrap_or_default(),
                    "type" => link.kind = text(pair, "type")?.unwrap_or_default().into(),
                    _ => return Err(self.unknown(pair, &LINK, &[], "")),
                }
            }
            if link.url.is_empty() {
                return Err((item.line, expected));
            }
            links.push(link);
        }
        Ok(Some(links))
    }

    fn data(&self, map: &mut NoteMap, whole: &Pair, pairs: &[Pair]) -> Result<(), Problem> {
        let mut data = Map::new();
        for pair in pairs {
            if pair.key == "cve" {
                map.lines[MapField::Cve as usize] = pair.line;
                map.cve = Some(CveRecord::read(&pair.node).map_err(yaml)?);
            } else if distance("embargo", &pair.key.to_lowercase()) <= 2 {
                // As free data it would hold nothing back; what is close to the word is meant to be it.
                return wrong(pair, "embargo", "in the document itself or in `cve`; here it holds nothing back");
            } else {
                data.insert(pair.key.clone(), pair.node.json());
            }
        }
        // `datafields: {}` takes all data away; a record of a vulnerability alone says nothing about the rest.
        if !data.is_empty() || pairs.is_empty() {
            map.lines[MapField::Data as usize] = whole.line;
            map.data = Some(data);
        }
        Ok(())
    }

    fn unknown(&self, pair: &Pair, here: &[&str], elsewhere: &[&str], place: &str) -> Problem {
        let key = pair.key.as_str();
        let close = here.iter().find(|known| distance(known, key) <= 2);
        let hint = match close {
            _ if elsewhere.contains(&key) => format!("; it belongs into {}", quoted(place)),
            Some(known) => format!("; did you mean `{known}`?"),
            None => format!("; known here are {}", here.join(", ")),
        };
        (pair.line, MapProblem::UnknownKey { key: (!self.quiet).then(|| key.to_owned()), hint })
    }
}

fn quoted(place: &str) -> String {
    if place.contains(' ') { place.to_owned() } else { format!("`{place}`") }
}

fn wrong<T>(pair: &Pair, key: &'static str, expected: &'static str) -> Result<T, Problem> {
    Err((pair.node.line.max(pair.line), MapProblem::Type { key, expected }))
}

fn text(pair: &Pair, key: &'static str) -> Result<Option<String>, Problem> {
    match (&pair.node.value, pair.node.text()) {
        (Value::Null, _) => Ok(None),
        (_, Some(text)) => Ok(Some(text.to_owned())),
        _ => wrong(pair, key, "text"),
    }
}

fn words(pair: &Pair, key: &'static str) -> Result<Option<Vec<String>>, Problem> {
    let expected = "a list of words";
    match &pair.node.value {
        Value::Null => Ok(None),
        Value::List(items) => {
            let words = items.iter().map(|item| item.text().map(str::to_owned)).collect::<Option<Vec<_>>>();
            words.map(Some).ok_or((pair.node.line, MapProblem::Type { key, expected }))
        }
        _ => wrong(pair, key, expected),
    }
}

fn flag(pair: &Pair, key: &'static str) -> Result<Option<bool>, Problem> {
    match &pair.node.value {
        Value::Null => Ok(None),
        _ => pair.node.bool().map_or_else(|| wrong(pair, key, "true or false"), |flag| Ok(Some(flag))),
    }
}

/// How many letters must be changed, added or taken away to turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    if b.len() > 40 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], at + 1);
        for (to, character) in b.iter().enumerate() {
            let step = (corner + usize::from(from != *character)).min(row[to] + 1).min(row[to + 1] + 1);
            corner = std::mem::replace(&mut row[to + 1], step);
        }
    }
    row[b.len()]
}
