//! The command as a process: what the README shows, bad input, use from bash.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod bash;

#[test]
fn readme_and_cases() {
    trycmd::TestCases::new()
        .env("KREL_OUTPUT", "human")
        .env("KREL_COLOR", "never")
        .register_bin("release-version", trycmd::cargo::cargo_bin!("release-version"))
        .case("README.md")
        .case("tests/cmd/*.trycmd")
        .case("tests/cmd/*.toml");
}
