//! Permission as a type: only an [`Approved`] plan can be applied.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CanonicalError, Fingerprint, Plan, Reach};

/// Somebody's word that one plan may be applied. Serialisable: it travels beside the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Approval {
    /// The plan that is approved.
    pub plan: Fingerprint,
    /// Who approved it, as they name themselves.
    pub approver: String,
    /// When.
    pub at: Timestamp,
    /// How the approval was given.
    pub given: Given,
}

/// How an approval was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Given {
    /// The approver typed the fingerprint of the plan.
    TypedFingerprint,
}

/// The approval does not open this plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The typed text does not name the plan.
    #[error("`{typed}` does not name the plan `{plan}`")]
    WrongFingerprint {
        /// What was typed.
        typed: String,
        /// The plan to approve.
        plan: Fingerprint,
    },
    /// The approval is for another plan.
    #[error("the approval is for plan `{approved}`, not for `{plan}`")]
    OtherPlan {
        /// The plan the approval names.
        approved: Fingerprint,
        /// The plan to approve.
        plan: Fingerprint,
    },
    /// Nobody is named.
    #[error("an approval names its approver; the name is empty")]
    Nameless,
    /// The plan has no fingerprint.
    #[error("the plan has no fingerprint")]
    NoFingerprint(#[from] CanonicalError),
}

/// The plan reaches production and needs an approval.
#[derive(Debug, thiserror::Error)]
#[error("the plan reaches production and needs an approval")]
pub struct NotMock;

impl Approval {
    /// An approval given by typing the fingerprint, or at least its first [`Fingerprint::SHORT`] digits.
    ///
    /// # Errors
    /// [`Refused::WrongFingerprint`] when what was typed names another plan, [`Refused::Nameless`] without a name.
    pub fn typed(plan: Fingerprint, typed: &str, approver: &str, at: Timestamp) -> Result<Self, Refused> {
        if approver.trim().is_empty() {
            return Err(Refused::Nameless);
        }
        if !plan.is_named_by(typed.trim()) {
            return Err(Refused::WrongFingerprint { typed: typed.trim().chars().take(80).collect(), plan });
        }
        Ok(Self { plan, approver: approver.trim().to_owned(), at, given: Given::TypedFingerprint })
    }
}

/// A plan that may be applied. There is no other way to apply one.
#[must_use]
#[derive(Debug, Clone)]
pub struct Approved<P> {
    plan: P,
    approval: Option<Approval>,
}

impl<P: Plan> Approved<P> {
    /// Opens a plan that stays within mock places.
    ///
    /// # Errors
    /// [`NotMock`] when the plan reaches production.
    pub fn mock(plan: P) -> Result<Self, NotMock> {
        match plan.reach() {
            Reach::Local | Reach::Mock => Ok(Self { plan, approval: None }),
            Reach::Production => Err(NotMock),
        }
    }

    /// Opens any plan that the approval names.
    ///
    /// # Errors
    /// [`Refused`] when the approval names another plan.
    pub fn production(plan: P, approval: Approval) -> Result<Self, Refused> {
        let fingerprint = plan.fingerprint()?;
        if approval.plan != fingerprint {
            return Err(Refused::OtherPlan { approved: approval.plan, plan: fingerprint });
        }
        Ok(Self { plan, approval: Some(approval) })
    }

    /// The plan.
    pub fn plan(&self) -> &P {
        &self.plan
    }

    /// The approval, when one was needed and given.
    pub fn approval(&self) -> Option<&Approval> {
        self.approval.as_ref()
    }
}
