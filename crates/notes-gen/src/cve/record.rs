use std::collections::BTreeMap;
use std::fmt;

use jiff::{Timestamp, civil};
use serde::Serialize;

use super::{CveField, CveProblem, Cvss, Rating, Score};
use crate::PullNumber;
use crate::node::{Node, NodeError};

/// A CVE record as it is written in a map, before it is checked. While it has an embargo, `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CveRecord {
    /// `CVE-2026-1234`.
    pub id: String,
    /// One line.
    pub title: String,
    /// What it is about, Markdown.
    pub description: String,
    /// The CVSS vector. Records of 2020 have it under `rating`.
    pub vector: String,
    /// The score as it is written; `9` and `9.0` are alike.
    pub score: String,
    /// `None`, `Low`, `Medium`, `High` or `Critical`.
    pub rating: String,
    /// Address of the tracking issue; may be empty.
    pub issue: String,
    /// Other pull requests that belong to it.
    pub linked_pulls: Vec<PullNumber>,
    /// When it was published.
    pub published: Option<civil::Date>,
    /// Until when nothing of it may be shown.
    pub embargo: Option<Timestamp>,
    /// Where the fields stand.
    pub(crate) lines: BTreeMap<CveField, usize>,
    /// Where the record stands.
    pub(crate) line: usize,
}

/// A checked CVE record: score and rating are those of the vector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Cve {
    /// `CVE-2026-1234`.
    pub id: String,
    /// One line.
    pub title: String,
    /// What it is about, Markdown.
    pub description: String,
    /// The CVSS vector.
    pub vector: Cvss,
    /// The score that was published.
    pub score: Score,
    /// Its rating.
    pub rating: Rating,
    /// Address of the tracking issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// All pull requests that belong to it, ascending.
    #[serde(rename = "pullrequests")]
    pub pulls: Vec<PullNumber>,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<civil::Date>,
    /// The page that explains the vector.
    #[serde(rename = "calclink")]
    pub calc_link: String,
}

/// Whether text has the form `CVE-<year>-<number>`.
pub fn is_cve_id(text: &str) -> bool {
    let Some((year, number)) = text.strip_prefix("CVE-").and_then(|rest| rest.split_once('-')) else { return false };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    year.len() == 4 && (1..=19).contains(&number.len()) && digits(year) && digits(number)
}

/// Year and number, for sorting.
pub(crate) fn order_of(id: &str) -> (u64, u64, String) {
    let mut parts = id.split('-').skip(1).map(|part| part.parse().unwrap_or(u64::MAX));
    (parts.next().unwrap_or(u64::MAX), parts.next().unwrap_or(u64::MAX), id.to_owned())
}

/// Reads the end of an embargo: an instant with its offset, or a date, which is its midnight in UTC.
pub fn parse_embargo(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let of_date =
        || text.parse::<civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp());
    let is_date = text.len() <= 10;
    if is_date { of_date() } else { text.parse().ok() }
}

impl CveRecord {
    /// An empty record with an id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// Reads the record's fields.
    pub(crate) fn read(node: &Node) -> Result<Self, NodeError> {
        let fail = |line, what| Err(NodeError { line, what });
        let mut record = Self { line: node.line, ..Self::default() };
        let Some(pairs) = node.map() else { return fail(node.line, "`cve` is not a map") };
        for pair in pairs {
            let line = pair.node.line.max(pair.line);
            let Some(field) = CveField::ALL.into_iter().find(|field| field.key() == pair.key) else {
                return fail(
                    pair.line,
                    "this key is not known in `cve`; known are id, title, description, vector, score, rating, issue, linkedPRs, published, embargo",
                );
            };
            record.lines.insert(field, pair.line);
            if field == CveField::LinkedPulls {
                let numbers = pair.node.list().map(|items| {
                    items.iter().map(|item| item.number().and_then(PullNumber::new)).collect::<Option<Vec<_>>>()
                });
                match numbers {
                    Some(Some(numbers)) => record.linked_pulls = numbers,
                    _ if pair.node.value == crate::node::Value::Null => {}
                    _ => return fail(line, "`linkedPRs` is not a list of pull request numbers"),
                }
                continue;
            }
            let text = match pair.node.text() {
                Some(text) => text.trim().to_owned(),
                None if pair.node.value == crate::node::Value::Null => String::new(),
                None => return fail(line, "this field of `cve` is not text"),
            };
            match field {
                CveField::Id => record.id = text,
                CveField::Title => record.title = text,
                CveField::Description => record.description = text,
                CveField::Vector => record.vector = text,
                CveField::Score => record.score = text,
                CveField::Rating => record.rating = text,
                CveField::Issue => record.issue = text,
                CveField::Published if !text.is_empty() => match text.parse() {
                    Ok(date) => record.published = Some(date),
                    Err(_) => return fail(line, "`published` is not a date such as 2026-12-01"),
                },
                // Left empty it would hold nothing back, and nobody writes the key for that.
                CveField::Embargo => match parse_embargo(&text) {
                    Some(instant) => record.embargo = Some(instant),
                    None => {
                        return fail(line, "`embargo` is neither a date nor an instant such as 2026-12-01T00:00:00Z");
                    }
                },
                _ => {}
            }
        }
        if record.vector.is_empty() && record.rating.starts_with("CVSS:") {
            record.vector = std::mem::take(&mut record.rating);
            if let Some(line) = record.lines.remove(&CveField::Rating) {
                record.lines.insert(CveField::Vector, line);
            }
        }
        Ok(record)
    }

    /// The line of a field, or of the record when the field is not there; zero when it was not read from text.
    pub fn line_of(&self, field: CveField) -> usize {
        self.lines.get(&field).copied().unwrap_or(self.line)
    }

    /// Checks the record of a map for `pull` and computes what it leaves out: the rating, and the calculator's address.
    pub fn check(&self, pull: Option<PullNumber>) -> Result<Cve, Vec<CveProblem>> {
        let mut problems = Vec::new();
        let required = [
            (CveField::Id, &self.id),
            (CveField::Title, &self.title),
            (CveField::Description, &self.description),
            (CveField::Vector, &self.vector),
            (CveField::Score, &self.score),
        ];
        problems.extend(
            required.into_iter().filter(|(_, text)| text.is_empty()).map(|(field, _)| CveProblem::Missing { field }),
        );
        if !self.id.is_empty() && !is_cve_id(&self.id) {
            problems.push(CveProblem::BadId);
        }
        let named = self.title.split([':', ' ']).next().unwrap_or_default();
        if is_cve_id(named) && is_cve_id(&self.id) && named != self.id {
            problems.push(CveProblem::OtherId);
        }
        let vector: Option<Cvss> = match self.vector.parse() {
            Ok(vector) => Some(vector),
            Err(_) if self.vector.is_empty() => None,
            Err(error) => {
                problems.push(CveProblem::BadVector(error));
                None
            }
        };
        let score = Score::parse(&self.score).filter(|score| score.tenths() > 0);
        if score.is_none() && !self.score.is_empty() {
            problems.push(CveProblem::BadScore);
        }
        if let (Some(vector), Some(score)) = (&vector, score)
            && !vector.admits(score)
        {
            problems.push(CveProblem::OtherScore { score, computed: vector.score() });
        }
        let rating = Rating::parse(&self.rating);
        match (rating, score) {
            (None, _) if !self.rating.is_empty() => problems.push(CveProblem::BadRating),
            (Some(rating), Some(score)) if score.rating() != rating => {
                problems.push(CveProblem::OtherRating { rating, score, computed: score.rating() });
            }
            _ => {}
        }
        let address = url::Url::parse(&self.issue).ok().filter(|url| url.scheme() == "https" && url.has_host());
        if !self.issue.is_empty() && address.is_none() {
            problems.push(CveProblem::BadIssue);
        }
        let mut pulls: Vec<PullNumber> = self.linked_pulls.iter().copied().chain(pull).collect();
        pulls.sort_unstable();
        pulls.dedup();
        if pulls.is_empty() {
            problems.push(CveProblem::NoPull);
        }
        match (vector, score) {
            (Some(vector), Some(score)) if problems.is_empty() => Ok(Cve {
                id: self.id.clone(),
                title: self.title.clone(),
                description: self.description.clone(),
                calc_link: vector.calc_link(),
                vector,
                score,
                rating: score.rating(),
                issue: address.map(|_| self.issue.clone()),
                pulls,
                published: self.published,
            }),
            _ if self.embargo.is_some() => Err(problems.into_iter().map(CveProblem::quiet).collect()),
            _ => Err(problems),
        }
    }
}

impl fmt::Debug for CveRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.embargo.is_some() {
            return f.write_str("CveRecord(under embargo)");
        }
        f.debug_struct("CveRecord")
            .field("id", &self.id)
            .field("title", &self.title)
            .field("description", &self.description)
            .field("vector", &self.vector)
            .field("score", &self.score)
            .field("rating", &self.rating)
            .field("issue", &self.issue)
            .field("linked_pulls", &self.linked_pulls)
            .field("published", &self.published)
            .finish_non_exhaustive()
    }
}
