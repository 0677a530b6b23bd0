use std::fmt;

use serde::Serialize;

use super::{ParseCvssError, Rating, Score};

/// A field of a CVE record, by its key in YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum CveField {
    /// `id`
    #[serde(rename = "id")]
    Id,
    /// `title`
    #[serde(rename = "title")]
    Title,
    /// `description`
    #[serde(rename = "description")]
    Description,
    /// `vector`
    #[serde(rename = "vector")]
    Vector,
    /// `score`
    #[serde(rename = "score")]
    Score,
    /// `rating`
    #[serde(rename = "rating")]
    Rating,
    /// `issue`
    #[serde(rename = "issue")]
    Issue,
    /// `linkedPRs`
    #[serde(rename = "linkedPRs")]
    LinkedPulls,
    /// `published`
    #[serde(rename = "published")]
    Published,
    /// `embargo`
    #[serde(rename = "embargo")]
    Embargo,
}

impl CveField {
    /// All, in the order in which they are written.
    pub const ALL: [Self; 10] = [
        Self::Id,
        Self::Title,
        Self::Published,
        Self::Vector,
        Self::Score,
        Self::Rating,
        Self::Issue,
        Self::LinkedPulls,
        Self::Embargo,
        Self::Description,
    ];

    /// Its key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Title => "title",
            Self::Description => "description",
            Self::Vector => "vector",
            Self::Score => "score",
            Self::Rating => "rating",
            Self::Issue => "issue",
            Self::LinkedPulls => "linkedPRs",
            Self::Published => "published",
            Self::Embargo => "embargo",
        }
    }
}

impl fmt::Display for CveField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// What is wrong with a CVE record. The words repeat nothing of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CveProblem {
    /// A required field is not there, or empty.
    #[error("`{field}` is missing")]
    Missing {
        /// The field.
        field: CveField,
    },
    /// Not `CVE-<year>-<number>`.
    #[error("`id` is not of the form `CVE-<year>-<number>`")]
    BadId,
    /// The title names another record.
    #[error("`title` begins with the id of another record than `id`")]
    OtherId,
    /// Not a CVSS vector.
    #[error("`vector` cannot be used: {0}")]
    BadVector(ParseCvssError),
    /// Not a number above 0, at most 10, with one decimal.
    #[error("`score` is not a number above 0 and at most 10 with at most one decimal")]
    BadScore,
    /// The vector has another score.
    #[error("`score` is {score}, but the vector gives {computed}")]
    OtherScore {
        /// What is written.
        score: Score,
        /// What the vector gives.
        computed: Score,
    },
    /// Not one of the names.
    #[error("`rating` is none of None, Low, Medium, High, Critical")]
    BadRating,
    /// The score has another rating.
    #[error("`rating` is {rating}, but a score of {score} is {computed}")]
    OtherRating {
        /// What is written.
        rating: Rating,
        /// The score.
        score: Score,
        /// What the score means.
        computed: Rating,
    },
    /// Not an address.
    #[error("`issue` is not an `https` address")]
    BadIssue,
    /// Neither the map nor the record names a pull request.
    #[error("no pull request is named, neither by `pr` nor by `linkedPRs`")]
    NoPull,
    /// One of the two problems above, in a record under embargo.
    #[error("`{field}` does not fit the vector")]
    Unfit {
        /// The field.
        field: CveField,
    },
}

impl CveProblem {
    /// The field that is wrong.
    pub fn field(&self) -> CveField {
        match self {
            Self::Missing { field } | Self::Unfit { field } => *field,
            Self::BadId => CveField::Id,
            Self::OtherId => CveField::Title,
            Self::BadVector(_) => CveField::Vector,
            Self::BadScore | Self::OtherScore { .. } => CveField::Score,
            Self::BadRating | Self::OtherRating { .. } => CveField::Rating,
            Self::BadIssue => CveField::Issue,
            Self::NoPull => CveField::LinkedPulls,
        }
    }

    /// The same without figures.
    pub(crate) fn quiet(self) -> Self {
        match self {
            Self::OtherScore { .. } | Self::OtherRating { .. } => Self::Unfit { field: self.field() },
            other => other,
        }
    }
}
