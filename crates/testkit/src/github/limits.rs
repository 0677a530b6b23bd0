//! Budgets that really count down, and tokens with scopes.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// What has a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// REST.
    Core,
    /// GraphQL, in points.
    Graphql,
    /// Searching by REST.
    Search,
}

impl Resource {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Graphql => "graphql",
            Self::Search => "search",
        }
    }
}

/// A budget for a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How much there is in a window.
    pub limit: u64,
    /// How much of it is gone.
    pub used: u64,
    /// How long a window is.
    pub window: Duration,
    resets: u64,
}

impl Budget {
    /// A budget whose window begins now.
    pub fn new(limit: u64, used: u64, window: Duration) -> Self {
        Self { limit, used, window, resets: now() + window.as_secs() }
    }

    /// What is left.
    pub fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    /// The second since 1970 at which a new window begins.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    pub(super) fn roll(&mut self) {
        if now() >= self.resets {
            self.used = 0;
            self.resets = now() + self.window.as_secs().max(1);
        }
    }

    fn json(&self) -> Value {
        json!({ "limit": self.limit, "used": self.used, "remaining": self.remaining(), "reset": self.resets })
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

/// Budgets by what they are for.
#[derive(Debug)]
pub(super) struct Budgets(BTreeMap<Resource, Budget>);

impl Default for Budgets {
    fn default() -> Self {
        let (hour, minute) = (Duration::from_secs(3_600), Duration::from_secs(60));
        Self(BTreeMap::from([
            (Resource::Core, Budget::new(5_000, 0, hour)),
            (Resource::Graphql, Budget::new(5_000, 0, hour)),
            (Resource::Search, Budget::new(30, 0, minute)),
        ]))
    }
}

impl Budgets {
    pub(super) fn set(&mut self, resource: Resource, budget: Budget) {
        self.0.insert(resource, budget);
    }

    pub(super) fn get(&mut self, resource: Resource) -> &mut Budget {
        let budget = self.0.get_mut(&resource).expect("every resource has a budget");
        budget.roll();
        budget
    }

    /// The reply of `GET /rate_limit`.
    pub(super) fn json(&mut self) -> Value {
        let mut resources = serde_json::Map::new();
        for resource in [Resource::Core, Resource::Graphql, Resource::Search] {
            resources.insert(resource.name().to_owned(), self.get(resource).json());
        }
        json!({ "resources": resources, "rate": self.get(Resource::Core).json() })
    }

    pub(super) fn headers(&mut self, resource: Resource) -> Vec<(&'static str, String)> {
        let budget = *self.get(resource);
        vec![
            ("x-ratelimit-limit", budget.limit.to_string()),
            ("x-ratelimit-remaining", budget.remaining().to_string()),
            ("x-ratelimit-used", budget.used.to_string()),
            ("x-ratelimit-reset", budget.resets.to_string()),
            ("x-ratelimit-resource", resource.name().to_owned()),
        ]
    }
}

/// A token that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) login: String,
    pub(super) scopes: Vec<String>,
}

impl Token {
    /// Whether it may write to a public repository.
    pub(super) fn writes(&self) -> bool {
        self.scopes.iter().any(|scope| matches!(scope.as_str(), "repo" | "public_repo"))
    }
}
