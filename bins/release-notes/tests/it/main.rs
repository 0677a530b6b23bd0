//! The command as a process: against git repositories and a GitHub with state.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod apply;
mod check;
mod draft;
mod files;
mod fix;
mod generate;
mod github;
mod interrupt;
mod refusals;
mod secrets;
mod world;

/// The examples of the README, and the help of each verb.
#[test]
fn readme_and_cases() {
    trycmd::TestCases::new()
        .env("KREL_OUTPUT", "human")
        .env("KREL_COLOR", "never")
        .env("COLUMNS", "100")
        .register_bin("release-notes", trycmd::cargo::cargo_bin!("release-notes"))
        .case("README.md")
        .case("tests/cmd/*.trycmd");
}
