use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{Score, cvss3, cvss4};

/// The longest vector that is read, in bytes; the longest that can be written has some 240.
const MAX_VECTOR: usize = 512;

/// A version of the Common Vulnerability Scoring System.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CvssVersion {
    /// 3.0
    V3_0,
    /// 3.1
    V3_1,
    /// 4.0
    V4_0,
}

impl fmt::Display for CvssVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
            Self::V4_0 => "4.0",
        })
    }
}

/// A CVSS vector of version 3.0, 3.1 or 4.0, with all its base metrics and perhaps others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cvss {
    version: CvssVersion,
    text: String,
    metrics: Metrics,
}

/// Values of the metrics that are there, by name. `X` (not defined) is left out.
pub(super) type Metrics = BTreeMap<&'static str, &'static str>;

/// A metric: its name, its values, whether it is a base metric.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
    pub(super) base: bool,
}

/// The text is not a vector. Nothing of the text is repeated: it may be under embargo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseCvssError {
    /// It begins otherwise.
    #[error("the vector does not begin with `CVSS:3.0/`, `CVSS:3.1/` or `CVSS:4.0/`")]
    Version,
    /// It is longer than any vector.
    #[error("the vector is too long")]
    Length,
    /// A part is not `metric:value`, or no metric of that version.
    #[error("part {part} of the vector is not a metric of that version")]
    UnknownMetric {
        /// Which, from 1, behind the version.
        part: usize,
    },
    /// The metric has no such value.
    #[error("metric `{metric}` has a value that does not exist")]
    UnknownValue {
        /// The metric.
        metric: &'static str,
    },
    /// It is there twice.
    #[error("metric `{metric}` is there twice")]
    Twice {
        /// The metric.
        metric: &'static str,
    },
    /// Version 4.0 prescribes the order.
    #[error("metric `{metric}` is not at its place; version 4.0 prescribes the order")]
    Order {
        /// The metric.
        metric: &'static str,
    },
    /// A base metric is not there.
    #[error("base metric `{metric}` is missing")]
    Missing {
        /// The metric.
        metric: &'static str,
    },
}

impl FromStr for Cvss {
    type Err = ParseCvssError;

    fn from_str(text: &str) -> Result<Self, ParseCvssError> {
        if text.len() > MAX_VECTOR {
            return Err(ParseCvssError::Length);
        }
        let versions = [CvssVersion::V3_0, CvssVersion::V3_1, CvssVersion::V4_0];
        let found = versions.into_iter().find_map(|version| {
            let rest = text.strip_prefix("CVSS:")?.strip_prefix(&version.to_string())?.strip_prefix('/')?;
            Some((version, rest))
        });
        let (version, rest) = found.ok_or(ParseCvssError::Version)?;
        let table = if version == CvssVersion::V4_0 { cvss4::METRICS } else { cvss3::METRICS };
        let mut metrics = Metrics::new();
        let mut seen = vec![false; table.len()];
        let mut last = 0;
        for (part, written) in (1..).zip(rest.split('/')) {
            let unknown = ParseCvssError::UnknownMetric { part };
            let (name, value) = written.split_once(':').ok_or(unknown)?;
            let at = table.iter().position(|metric| metric.name == name).ok_or(unknown)?;
            let metric = table[at].name;
            if std::mem::replace(&mut seen[at], true) {
                return Err(ParseCvssError::Twice { metric });
            }
            if version == CvssVersion::V4_0 && at < last {
                return Err(ParseCvssError::Order { metric });
            }
            last = at;
            let known = table[at].values.iter().find(|known| **known == value);
            match known {
                Some(value) => {
                    metrics.insert(metric, value);
                }
                None if value == "X" && !table[at].base => {}
                None => return Err(ParseCvssError::UnknownValue { metric }),
            }
        }
        if let Some(metric) = table.iter().find(|metric| metric.base && !metrics.contains_key(metric.name)) {
            return Err(ParseCvssError::Missing { metric: metric.name });
        }
        Ok(Self { version, text: text.to_owned(), metrics })
    }
}

impl Cvss {
    /// The version.
    pub fn version(&self) -> CvssVersion {
        self.version
    }

    /// The score of the base metrics alone.
    pub fn base_score(&self) -> Score {
        self.score_of(&self.base()).0
    }

    /// The score of the vector as it is written, temporal (threat) and environmental metrics included.
    pub fn score(&self) -> Score {
        self.score_of(&self.metrics).0
    }

    /// Whether a published score is the vector's: its base score or its full score. Where version 4.0 gives a value in the middle
    /// between two tenths, calculators differ, so both count.
    pub fn admits(&self, score: Score) -> bool {
        let fits = |(exact, below): (Score, Option<Score>)| exact == score || below == Some(score);
        fits(self.score_of(&self.metrics)) || fits(self.score_of(&self.base()))
    }

    fn base(&self) -> Metrics {
        let table = if self.version == CvssVersion::V4_0 { cvss4::METRICS } else { cvss3::METRICS };
        let is_base = |name: &str| table.iter().any(|metric| metric.base && metric.name == name);
        self.metrics.iter().filter(|(name, _)| is_base(name)).map(|(name, value)| (*name, *value)).collect()
    }

    fn score_of(&self, metrics: &Metrics) -> (Score, Option<Score>) {
        match self.version {
            CvssVersion::V4_0 => cvss4::score(metrics),
            version => (cvss3::score(metrics, version), None),
        }
    }

    /// The page that explains the vector.
    pub fn calc_link(&self) -> String {
        format!("https://www.first.org/cvss/calculator/{}#{}", self.version, self.text)
    }
}

impl fmt::Display for Cvss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Cvss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
