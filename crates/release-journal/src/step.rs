//! One effect and how to tell whether it has happened.

use std::{fmt, future::Future, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Kind and subject of a step, e.g. `copy:v1.2.0`. Stable: it is written into journals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StepId {
    kind: String,
    subject: String,
}

/// The text is not a step id.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a step id: expected `kind:subject` without white space or control characters")]
pub struct InvalidStepId {
    text: String,
}

impl StepId {
    /// A step id from its two parts.
    ///
    /// # Errors
    /// [`InvalidStepId`] when a part is empty or holds white space or control characters, or the kind holds a colon.
    pub fn new(kind: impl Into<String>, subject: impl Into<String>) -> Result<Self, InvalidStepId> {
        let (kind, subject) = (kind.into(), subject.into());
        let bad = |part: &str| part.is_empty() || part.chars().any(|c| c.is_whitespace() || c.is_control());
        if bad(&kind) || bad(&subject) || kind.contains(':') {
            return Err(InvalidStepId { text: format!("{kind}:{subject}") });
        }
        Ok(Self { kind, subject })
    }

    /// What is done, e.g. `copy`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// To what, e.g. `v1.2.0`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.subject)
    }
}

impl FromStr for StepId {
    type Err = InvalidStepId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((kind, subject)) => Self::new(kind, subject),
            None => Err(InvalidStepId { text: text.chars().take(80).collect() }),
        }
    }
}

impl TryFrom<String> for StepId {
    type Error = InvalidStepId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<StepId> for String {
    fn from(id: StepId) -> Self {
        id.to_string()
    }
}

/// What the destination shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed<O> {
    /// The result is there, and it is the right one.
    Done(O),
    /// Nothing is there: the step may run.
    Absent,
    /// Something else is there: the step must not run.
    Different(Difference),
    /// The step is not needed; `output` is what later steps get instead.
    NotNeeded {
        /// Why.
        reason: SkipReason,
        /// What the step would have returned.
        output: O,
    },
}

/// What was expected at a destination, and what is there instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{subject}: expected {expected}, found {found}")]
pub struct Difference {
    /// The thing that differs, e.g. `` tag `v1.2.0` at `file:///srv/repo.git` ``.
    pub subject: String,
    /// What the plan expects, e.g. a digest.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// Why a step is not needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SkipReason(pub String);

/// One effect on the world, with the means to see whether it has happened.
///
/// `observe` asks the **destination** and compares digests or object ids; what a journal says is a hint where to look, never
/// the proof. `run` must leave either the whole effect or none, or partial effects that `observe` reports as
/// [`Observed::Absent`] and a second `run` completes.
pub trait Step<Cx: Sync>: Sync {
    /// What the step produces for later steps; it is written to the journal as evidence.
    type Output: Serialize + DeserializeOwned + Send;
    /// Why it failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Stable name.
    fn id(&self) -> StepId;

    /// Looks at the destination.
    fn observe(&self, cx: &Cx) -> impl Future<Output = Result<Observed<Self::Output>, Self::Error>> + Send;

    /// Brings the effect about.
    fn run(&self, cx: &Cx) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
