//! Asking for an approval.

use jiff::Timestamp;
use release_journal::{Approval, Approved, Fingerprint, Plan, Reach};

use crate::{Exit, Failure, Shell, stdin};

/// How often a wrong fingerprint may be typed.
const TRIES: usize = 3;

/// Opens a plan.
///
/// A plan that stays within mock places opens by itself. One that reaches production needs its fingerprint: given as a
/// flag, or typed at the terminal; stdin is read only if it is a terminal. A fingerprint that was given is checked in any case.
/// The plan is shown once on stderr, whichever way it goes.
///
/// # Errors
/// Exit 3 without an approval, with a hint that says how to give it; 130 when interrupted at the prompt.
pub async fn approve<P: Plan>(
    shell: &mut Shell,
    plan: P,
    given: Option<&str>,
    approver: &str,
    now: Timestamp,
) -> Result<Approved<P>, Failure> {
    let fingerprint = plan.fingerprint()?;
    if let Some(given) = given {
        let approval = Approval::typed(fingerprint, given, approver, now)
            .map_err(|error| Failure::from(error).hint(how(fingerprint)))?;
        shell.note(format!("{plan}\nfingerprint {fingerprint}"));
        return Ok(Approved::production(plan, approval)?);
    }
    if plan.reach() != Reach::Production {
        shell.note(format!("{plan}\nfingerprint {fingerprint}"));
        return Ok(Approved::mock(plan)?);
    }
    shell.say(&plan.to_string());
    if !shell.is_interactive() {
        return Err(Failure::new(Exit::Refused, "the plan reaches production and nobody is here to approve it")
            .hint(how(fingerprint)));
    }
    let approval = ask(shell, fingerprint, approver, now).await?;
    Ok(Approved::production(plan, approval)?)
}

fn how(fingerprint: Fingerprint) -> String {
    format!("read the plan, then add `--approve {fingerprint}`")
}

async fn ask(shell: &mut Shell, fingerprint: Fingerprint, approver: &str, now: Timestamp) -> Result<Approval, Failure> {
    shell.say(&format!(
        "This plan reaches production. Its fingerprint is {fingerprint}.\n\
         To approve it as {approver}, type the first {} digits of the fingerprint.",
        Fingerprint::SHORT
    ));
    for left in (0..TRIES).rev() {
        shell.console().write("approve: ");
        let Some(typed) = stdin::line(shell, "interrupted before the plan was approved").await? else { break };
        match Approval::typed(fingerprint, &typed, approver, now) {
            Ok(approval) => return Ok(approval),
            Err(error) if left > 0 => shell.say(&format!("{error}; {left} more to go")),
            Err(error) => shell.say(&error.to_string()),
        }
    }
    Err(Failure::new(Exit::Refused, "the plan was not approved").hint(how(fingerprint)))
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{Captured, GlobalArgs, Interaction};

    #[derive(Debug, Clone, Serialize, Deserialize)]
    struct Cut {
        version: String,
        reach: Reach,
    }
    impl fmt::Display for Cut {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "cut {}", self.version)
        }
    }
    impl Plan for Cut {
        fn subject(&self) -> String {
            format!("cut-{}", self.version)
        }
        fn is_empty(&self) -> bool {
            false
        }
        fn reach(&self) -> Reach {
            self.reach
        }
    }

    fn cut(reach: Reach) -> Cut {
        Cut { version: "v1.2.0".into(), reach }
    }

    async fn run(
        plan: Cut,
        interaction: Interaction,
        input: &str,
        given: Option<&str>,
    ) -> (Result<Approved<Cut>, Failure>, Captured) {
        let (mut shell, captured) = Shell::captured(&GlobalArgs::default(), interaction, input);
        (approve(&mut shell, plan, given, "release-manager", Timestamp::UNIX_EPOCH).await, captured)
    }

    #[tokio::test]
    async fn mock_plans_open_by_themselves() {
        let (approved, captured) = run(cut(Reach::Mock), Interaction::None, "", None).await;
        let approved = approved.unwrap();
        assert!(approved.approval().is_none());
        let fingerprint = approved.plan().fingerprint().unwrap();
        assert_eq!(captured.stderr(), format!("cut v1.2.0\nfingerprint {fingerprint}\n"));
    }

    #[tokio::test]
    async fn a_flag_is_checked_even_for_mock_plans() {
        for reach in [Reach::Mock, Reach::Production] {
            let fingerprint = cut(reach).fingerprint().unwrap();
            let (approved, _) = run(cut(reach), Interaction::None, "", Some(&fingerprint.to_string())).await;
            assert_eq!(approved.unwrap().approval().unwrap().plan, fingerprint);
            let (refused, _) = run(cut(reach), Interaction::Terminal, "", Some("000000000000")).await;
            assert_eq!(refused.unwrap_err().exit(), Exit::Refused);
        }
    }

    #[tokio::test]
    async fn nobody_there() {
        let fingerprint = cut(Reach::Production).fingerprint().unwrap();
        // What is on stdin is not for us.
        let (refused, captured) = run(cut(Reach::Production), Interaction::None, &fingerprint.to_string(), None).await;
        let failure = refused.unwrap_err();
        assert_eq!(failure.exit(), Exit::Refused);
        assert_eq!(failure.hints(), [format!("read the plan, then add `--approve {fingerprint}`")]);
        assert_eq!(captured.stderr(), "cut v1.2.0\n");
        assert_eq!(captured.stdout(), "");
    }

    #[tokio::test]
    async fn typed() {
        let fingerprint = cut(Reach::Production).fingerprint().unwrap();
        let short = fingerprint.short();
        let (right, wrong) = (format!("{short}\n"), "nonsense\n");
        let cases = [
            ("at once", right.clone(), true),
            ("with spaces", format!("  {} \n", short.to_uppercase()), true),
            ("third try", format!("{wrong}{}\n{right}", &short[..11]), true),
            ("fourth try", format!("{wrong}{wrong}{wrong}{right}"), false),
            ("`yes` is no approval", "yes\ny\n\n".to_owned(), false),
            ("end of input", String::new(), false),
        ];
        for (name, input, approved) in cases {
            let (result, captured) = run(cut(Reach::Production), Interaction::Terminal, &input, None).await;
            match result {
                Ok(plan) => {
                    assert!(approved, "{name}");
                    assert_eq!(plan.approval().unwrap().plan, fingerprint, "{name}");
                    assert_eq!(plan.approval().unwrap().approver, "release-manager", "{name}");
                }
                Err(failure) => {
                    assert!(!approved, "{name}");
                    assert_eq!(failure.exit(), Exit::Refused, "{name}");
                }
            }
            assert!(captured.stderr().contains(&fingerprint.to_string()), "{name}");
            assert_eq!(captured.stdout(), "", "{name}");
        }
    }

    #[tokio::test]
    async fn the_prompt() {
        let (_, captured) = run(cut(Reach::Production), Interaction::Terminal, "no\n", None).await;
        insta::assert_snapshot!(captured.stderr(), @r"
        cut v1.2.0
        This plan reaches production. Its fingerprint is f2a1faa31604689de3e843f20b0352d2dbdd32d40735675f9f334975d6c6dd78.
        To approve it as release-manager, type the first 12 digits of the fingerprint.
        approve: `no` does not name the plan `f2a1faa31604689de3e843f20b0352d2dbdd32d40735675f9f334975d6c6dd78`; 2 more to go
        approve:
        ");
    }
}
