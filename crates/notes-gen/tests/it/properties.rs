use std::collections::BTreeMap;
use std::convert::Infallible;

use notes_gen::{
    CommitId, CommitInfo, Document, Extraction, Fallback, GatherOptions, Profile, PullNumber, PullRequest, PullSource,
    documentation, extract, from_json, gather, pull_numbers, render_html, render_markdown, select, to_json,
};
use proptest::prelude::*;

const PIECES: &str = "(```|~~~|````|release-note|docs|<!--|-->|\r?\n|none|NONE|- |\\* |\\[action required\\] |https://x\\.y/z|[ -~]|\\PC|\0|\u{202e}){0,80}";

struct Bodies(BTreeMap<PullNumber, PullRequest>);

impl PullSource for Bodies {
    type Error = Infallible;

    async fn pulls(&self, numbers: &[PullNumber]) -> Result<BTreeMap<PullNumber, PullRequest>, Infallible> {
        Ok(numbers.iter().filter_map(|n| Some((*n, self.0.get(n)?.clone()))).collect())
    }
}

/// Commits `0..n`, each with parents among the later ones.
fn history() -> impl Strategy<Value = Vec<CommitInfo>> {
    let message = prop_oneof![
        (1u64..30).prop_map(|n| format!("Merge pull request #{n} from a/b\n\ntitle")),
        (1u64..30, 1u64..30)
            .prop_map(|(n, m)| format!("Merge pull request #{n} from a/automated-cherry-pick-of-#{m}-x")),
        (1u64..30).prop_map(|n| format!("Squash (#{n})")),
        Just("Merge branch 'x' into y".to_owned()),
        Just("pushed".to_owned()),
    ];
    proptest::collection::vec((message, proptest::collection::vec(1usize..6, 0..4)), 1..40).prop_map(|rows| {
        let make = |(at, (message, steps)): (usize, (String, Vec<usize>))| CommitInfo {
            id: CommitId::new(format!("c{at}")),
            parents: steps.into_iter().map(|step| CommitId::new(format!("c{}", at + step))).collect(),
            message,
        };
        rows.into_iter().enumerate().map(make).collect()
    })
}

proptest! {
    #[test]
    fn any_body_is_read(body in PIECES) {
        if let Extraction::Note(block) = extract(&body, &Profile::default()) {
            prop_assert!(!block.text.trim().is_empty());
            prop_assert!(!block.text.contains("<!--"), "{:?}", block.text);
            let hostile = block.text.contains(['\0', '\r', '\u{202e}']);
            prop_assert!(!hostile, "{:?}", block.text);
        }
        for link in documentation(&body, &Profile::default()) {
            prop_assert!(link.url.starts_with("http"));
        }
        prop_assert_eq!(extract(&body.replace("\r\n", "\n").replace('\n', "\r\n"), &Profile::default()), extract(&body.replace("\r\n", "\n"), &Profile::default()));
    }

    #[test]
    fn a_filled_block_is_found(before in "[a-z \n]{0,20}", note in "[A-Za-z]{5,10} [a-z]{1,10}", after in "[a-z \n]{0,20}") {
        let body = format!("{before}\n```release-note\n{note}\n```\n{after}");
        let Extraction::Note(block) = extract(&body, &Profile::default()) else { panic!("{body}") };
        prop_assert_eq!(block.text, note);
    }

    #[test]
    fn any_message_is_read(message in "(Merge pull request|#[0-9]{1,25}|\\(|\\)|from a/|automated-cherry-pick-of|\n|\\PC){0,20}") {
        let numbers = pull_numbers(&message);
        prop_assert_eq!(numbers.own.is_some(), numbers.form.is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_order_of_commits_does_not_matter(commits in history(), bodies in proptest::collection::vec(PIECES, 30), seed in any::<u64>()) {
        let pulls = bodies.into_iter().zip(1..).filter(|(_, n)| n % 7 != 0).map(|(body, n)| {
            let number = PullNumber::new(n).unwrap();
            let mut pull = PullRequest::new(number, "a title");
            pull.body = Some(body);
            (number, pull)
        });
        let source = Bodies(pulls.collect());
        let mut shuffled = commits.clone();
        shuffled.sort_by_key(|commit| {
            commit.id.as_str().bytes().fold(seed | 1, |hash, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte))
        });
        let mut options = GatherOptions::default();
        options.profile.fallbacks = vec![Fallback::Title];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let end = CommitId::new("c0");
        let first = runtime.block_on(gather(&select(&commits, &end).unwrap(), &source, &options)).unwrap();
        let second = runtime.block_on(gather(&select(&shuffled, &end).unwrap(), &source, &options)).unwrap();
        prop_assert_eq!(&first, &second);

        let mut accounted: Vec<_> = first.accounting.entries.iter().map(|entry| entry.commit.clone()).collect();
        let mut all: Vec<_> = commits.iter().map(|commit| commit.id.clone()).collect();
        accounted.sort();
        all.sort();
        prop_assert_eq!(accounted, all, "every commit once");

        prop_assert_eq!(&from_json(&to_json(&first.notes)).unwrap(), &first.notes);
        let document = Document::new("v1", first.notes);
        prop_assert_eq!(render_markdown(&document), render_markdown(&document.clone()));
        let html = render_html(&document);
        prop_assert!(!html.to_lowercase().contains("<script"));
    }
}
