//! Integration tests of `github-client`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod batches;
mod caching;
mod contracts;
mod fake;
mod limits;
mod recorded;
mod releases;
mod rest;
mod server_faults;
mod server_fork;
mod server_pulls;
mod strangers;

use github_client::{GithubClient, GithubClientBuilder, PullNumber, RepoId, RetryPolicy};
use std::time::Duration;

fn repo() -> RepoId {
    "octo/tool".parse().unwrap()
}

fn number(number: u64) -> PullNumber {
    PullNumber::new(number).unwrap()
}

fn numbers(numbers: impl IntoIterator<Item = u64>) -> Vec<PullNumber> {
    numbers.into_iter().map(number).collect()
}

/// A client of a server on this machine, that does not wait for long.
fn builder(url: &str) -> GithubClientBuilder {
    let retry = RetryPolicy {
        attempts: 3,
        budget: Duration::from_secs(20),
        first_delay: Duration::from_millis(5),
        longest_delay: Duration::from_millis(20),
    };
    GithubClient::builder().base_url(url.parse().unwrap()).retry(retry)
}
