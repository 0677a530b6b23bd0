//! The command as a process: what becomes of branches and files.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod check;
mod github;
mod tags;
mod update;
mod world;

/// The examples of the README, and the help of each verb.
#[test]
fn readme_and_cases() {
    trycmd::TestCases::new()
        .env("KREL_OUTPUT", "human")
        .env("KREL_COLOR", "never")
        .env("COLUMNS", "100")
        .register_bin("changelog", trycmd::cargo::cargo_bin!("changelog"))
        .case("README.md")
        .case("tests/cmd/*.trycmd");
}
