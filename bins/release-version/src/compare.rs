//! `release-version compare`

use std::cmp::Ordering;

use clap::{Args, ValueEnum};
use cli_kit::{Exit, Failure, Shell};
use release_version::BuildVersion;

use crate::results::{Comparison, Order};

/// Say whether one version is less than, equal to or greater than another
///
/// Releases and builds are of one order: by numbers, then alpha, beta, rc, official, then commits since the tag. So a
/// build after v1.26.3 is greater than v1.26.3. The commit itself has no rank: builds that differ in nothing else are
/// equal, and a warning on stderr says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  release-version compare v1.19.0-rc.1 v1.19.0
  if release-version compare \"$new\" \"$old\" --is gt; then echo move; fi

Exit codes: 0 done, or yes; 2 a version is malformed; 4 no. In bash, `if` takes 2 for no as well: look at `$?` where a
version may be malformed.")]
pub(crate) struct CompareArgs {
    /// The version on the left
    a: BuildVersion,

    /// The version on the right
    b: BuildVersion,

    /// Print nothing; exit 0 if A stands in this relation to B, else 4
    #[arg(long, value_enum, value_name = "RELATION")]
    is: Option<Relation>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Relation {
    /// Less than
    Lt,
    /// Less than or equal
    Le,
    /// Equal
    Eq,
    /// Not equal
    Ne,
    /// Greater than or equal
    Ge,
    /// Greater than
    Gt,
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Ge => order.is_ge(),
            Self::Gt => order.is_gt(),
        }
    }
}

pub(crate) fn run(args: CompareArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let CompareArgs { a, b, is } = args;
    let order = a.precedence(&b);
    if let (Ordering::Equal, Some(left), Some(right)) = (order, a.commit(), b.commit())
        && !left.agrees_with(&right)
    {
        shell.warn(format!("`{a}` and `{b}` have the same rank and different commits"));
    }
    let holds = is.map(|relation| relation.holds(order));
    shell.result(&Comparison { a, b, order: Order::from(order), identical: a == b, holds })?;
    Ok(if holds == Some(false) { Exit::NotEmpty } else { Exit::Done })
}
