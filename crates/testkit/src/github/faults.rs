//! What goes wrong on purpose.

use std::time::Duration;

use super::graphql::Asked;

/// Which requests a fault meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// All of them.
    Any,
    /// REST, uploads included.
    Rest,
    /// GraphQL.
    Graphql,
    /// REST with this method, and a path that begins with this.
    Path(&'static str, String),
    /// Whatever asks for this pull request: by REST, or as one of many by GraphQL.
    Pull(u64),
    /// GraphQL that asks for more than so many pull requests, issues and commits at once.
    MoreThan(usize),
}

/// What is answered instead of the truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A status with a message in JSON.
    Status(u16),
    /// A status with a page in HTML, as a proxy in front of GitHub answers.
    Page(u16),
    /// A secondary limit: 403, with `Retry-After` when a time is given; who comes back earlier is refused again.
    SecondaryLimit(Option<Duration>),
    /// `Retry-After` on 429, without saying which limit.
    TooManyRequests(Duration),
    /// GraphQL's way: 200, with an error of type `RATE_LIMITED`, and `Retry-After` when a time is given.
    RateLimited(Option<Duration>),
    /// GraphQL's word for having taken too long: 200 with an error and no data.
    SomethingWentWrong,
    /// The right head, and half of the right body.
    CutBody,
    /// The connection is closed without an answer.
    Closed,
    /// Never an answer.
    Silence,
    /// The truth, later.
    Late(Duration),
    /// This text, with 200.
    Text(String),
}

/// A fault: on which requests, how often, and what is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    on: On,
    answer: Answer,
    skip: u64,
    times: u64,
}

impl Fault {
    /// Every matching request is answered so.
    pub fn new(on: On, answer: Answer) -> Self {
        Self { on, answer, skip: 0, times: u64::MAX }
    }

    /// Only so many of them.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Only after so many of them.
    #[must_use]
    pub fn after(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    /// The answer to this request, when it is one of those; counts it.
    pub(super) fn meets(&mut self, method: &str, path: &str, asked: Option<&Asked>) -> Option<Answer> {
        let meets = match &self.on {
            On::Any => true,
            On::Rest => asked.is_none(),
            On::Graphql => asked.is_some(),
            On::Path(wanted, begin) => asked.is_none() && method == *wanted && path.starts_with(begin.as_str()),
            On::Pull(number) => match asked {
                Some(asked) => asked.numbers.contains(number),
                None => ["pulls", "issues"].iter().any(|kind| {
                    let part = format!("/{kind}/{number}");
                    path.find(&part).is_some_and(|at| matches!(path.as_bytes().get(at + part.len()), None | Some(b'/')))
                }),
            },
            On::MoreThan(most) => asked.is_some_and(|asked| asked.objects > *most),
        };
        if !meets {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        Some(self.answer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_requests_are_met() {
        let asked = Asked { numbers: vec![7, 8], objects: 2 };
        for (on, method, path, graphql, expected) in [
            (On::Any, "GET", "/rate_limit", false, true),
            (On::Rest, "POST", "/graphql", true, false),
            (On::Graphql, "POST", "/graphql", true, true),
            (On::Pull(7), "POST", "/graphql", true, true),
            (On::Pull(9), "POST", "/graphql", true, false),
            (On::Pull(7), "GET", "/repos/o/r/pulls/7", false, true),
            (On::Pull(7), "GET", "/repos/o/r/pulls/77", false, false),
            (On::Pull(7), "GET", "/repos/o/r/issues/7/comments", false, true),
            (On::Pull(7), "GET", "/repos/o/r/pulls", false, false),
            (On::MoreThan(1), "POST", "/graphql", true, true),
            (On::MoreThan(2), "POST", "/graphql", true, false),
            (On::Path("GET", "/repos/o/r/pulls".to_owned()), "GET", "/repos/o/r/pulls/7", false, true),
            (On::Path("GET", "/repos/o/r/pulls".to_owned()), "PATCH", "/repos/o/r/pulls/7", false, false),
        ] {
            let mut fault = Fault::new(on.clone(), Answer::Silence);
            let met = fault.meets(method, path, graphql.then_some(&asked));
            assert_eq!(met.is_some(), expected, "{on:?} {method} {path}");
        }
    }

    #[test]
    fn how_often() {
        let mut fault = Fault::new(On::Any, Answer::Status(500)).after(1).times(2);
        let met: Vec<bool> = (0..5).map(|_| fault.meets("GET", "/", None).is_some()).collect();
        assert_eq!(met, [false, true, true, false, false]);
    }
}
