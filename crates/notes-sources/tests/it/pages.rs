//! The notes pages that CRI-O published, made again from its real history.
//!
//! The bodies of its pull requests were not recorded, but a page shows what they said: each note is put back into the body of its
//! pull request, in a block, and the section into its label. All other pull requests of the range say `NONE`. So what is tested is
//! the range, and the way from a body to a line of a page; and that nothing is lost on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use git_repo::GitRepo;
use jiff::Timestamp;
use notes_gen::compat::Edition;
use notes_gen::{
    Author, Compat, Document, Fate, Layout, LinkStyle, Profile, PullNumber, PullRequest, PullSource, RenderOptions,
    render,
};
use notes_sources::{Collect, ListOptions, Wanted, collect, ends, list};

/// A page, and where its range ends in the history.
struct Page {
    name: &'static str,
    start: &'static str,
    end: &'static str,
    edition: Edition,
    /// Pull requests that the page has and its own range has not.
    foreign: &'static [(u64, Why)],
}

/// Why a pull request is on a page whose range does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The release before has its merge already: it is told twice.
    InStart,
    /// Its merge is not in the release: the page was made later, from the head of the branch.
    NotInEnd,
    /// No commit of the history names it.
    Unknown,
}

use Why::{InStart, NotInEnd, Unknown};

const PAGES: [Page; 8] = [
    Page {
        name: "v1.18.0",
        start: "v1.17.0",
        end: "Merge pull request #3688 ",
        edition: Edition::Y2020,
        foreign: &[
            (3636, NotInEnd),
            (3638, NotInEnd),
            (3648, NotInEnd),
            (3689, NotInEnd),
            (3708, NotInEnd),
            (3722, NotInEnd),
            (3724, NotInEnd),
            (3739, NotInEnd),
            (3754, NotInEnd),
        ],
    },
    Page { name: "v1.19.0", start: "v1.18.0", end: "v1.19.0", edition: Edition::Y2020, foreign: &[] },
    Page { name: "v1.20.0", start: "v1.19.0", end: "Merge pull request #4554 ", edition: Edition::Y2021, foreign: &[] },
    Page { name: "v1.20.1", start: "v1.20.0", end: "v1.20.1", edition: Edition::Y2021, foreign: &[] },
    Page { name: "v1.22.4", start: "v1.22.3", end: "Merge pull request #5825 ", edition: Edition::Y2021, foreign: &[] },
    Page {
        name: "v1.23.4",
        start: "v1.23.3",
        end: "Merge pull request #6409 ",
        edition: Edition::Y2021,
        foreign: &[(5937, Unknown)],
    },
    Page {
        name: "v1.24.0",
        start: "v1.23.0",
        end: "Merge pull request #6011 ",
        edition: Edition::Y2026,
        foreign: &[(5487, InStart)],
    },
    Page {
        name: "v1.30.0",
        start: "v1.29.0",
        end: "v1.30.0",
        edition: Edition::Y2026,
        foreign: &[(7269, InStart), (8155, NotInEnd), (8157, NotInEnd), (8179, NotInEnd)],
    },
];

/// A note of a page.
struct Item<'p> {
    section: &'p str,
    text: String,
    /// The lines as they stand there.
    lines: Vec<&'p str>,
    numbers: Vec<u64>,
    authors: Vec<&'p str>,
}

/// The text before the last `(#1, @somebody)`, and what stands in it, with or without links.
fn split_references(text: &str) -> Option<(&str, Vec<u64>, Vec<&str>)> {
    let at = ["([#", "(#"].into_iter().filter_map(|opening| text.rfind(opening)).max()?;
    let (mut numbers, mut authors) = (Vec::new(), Vec::new());
    for part in text[at + 1..].strip_suffix(')')?.split(", ") {
        let word = part.strip_prefix('[').and_then(|part| part.split_once(']')).map_or(part, |(word, _)| word);
        match word.strip_prefix('#') {
            Some(number) => numbers.push(number.parse().ok()?),
            None => authors.push(word.strip_prefix('@')?),
        }
    }
    Some((text[..at].trim_end(), numbers, authors))
}

/// The notes between the heading of the kinds and that of the dependencies.
fn parse(page: &str) -> Vec<Item<'_>> {
    let (mut items, mut section) = (Vec::<Item<'_>>::new(), "");
    let from = page.find("\n## Changelog since").or_else(|| page.find("\n## Changes by Kind")).unwrap();
    let to = page.find("\n## Dependencies").unwrap_or(page.len());
    for line in page[from..to].lines() {
        if let Some(title) = line.strip_prefix("#### ").or_else(|| line.strip_prefix("### ")) {
            section = title;
        } else if let Some(first) = line.strip_prefix(" - ").or_else(|| line.strip_prefix("- ")) {
            let (numbers, authors) = (Vec::new(), Vec::new());
            items.push(Item { section, text: first.to_owned(), lines: vec![line], numbers, authors });
        } else if let Some(more) = line.strip_prefix("  ") {
            let item = items.last_mut().unwrap();
            item.text.push('\n');
            item.text.push_str(more);
            item.lines.push(line);
        }
    }
    for item in &mut items {
        let last = item.lines.last().copied().unwrap();
        let (_, numbers, authors) = split_references(last).unwrap_or_else(|| panic!("{last}"));
        let (text, ..) = split_references(&item.text).unwrap();
        // The original wrote `#` so, lest GitHub take it for a reference.
        (item.numbers, item.authors, item.text) = (numbers, authors, text.replace("&#35;", "#"));
    }
    items
}

/// The label that puts a note into a section.
fn label(section: &str) -> Option<String> {
    match section {
        "Uncategorized" => None,
        "Bug or Regression" | "Other (Bug, Cleanup or Flake)" => Some("kind/bug".to_owned()),
        "Other (Cleanup or Flake)" => Some("kind/cleanup".to_owned()),
        title => Some(format!("kind/{}", title.to_ascii_lowercase().replace(' ', "-"))),
    }
}

#[derive(Debug)]
struct Bodies(BTreeMap<u64, PullRequest>);

impl PullSource for Bodies {
    type Error = std::convert::Infallible;

    async fn pulls(&self, numbers: &[PullNumber]) -> Result<BTreeMap<PullNumber, PullRequest>, Self::Error> {
        let pull = |number: &PullNumber| {
            let none = || {
                let mut pull = PullRequest::new(*number, "Nothing to tell");
                pull.body = Some("```release-note\nNONE\n```".to_owned());
                pull
            };
            (*number, self.0.get(&number.get()).cloned().unwrap_or_else(none))
        };
        Ok(numbers.iter().map(pull).collect())
    }
}

fn bodies(items: &[Item<'_>]) -> Bodies {
    let mut bodies = BTreeMap::new();
    for item in items {
        for (at, number) in item.numbers.iter().enumerate() {
            let mut pull = PullRequest::new(PullNumber::new(*number).unwrap(), "A change");
            pull.body =
                Some(format!("What it does.\r\n\r\n```release-note\r\n{}\r\n```\r\n", item.text.replace('\n', "\r\n")));
            pull.labels = label(item.section).into_iter().collect();
            let login = item.authors[at.min(item.authors.len() - 1)].to_owned();
            pull.author = Some(Author { url: Some(format!("https://github.com/{login}")), login });
            pull.url = Some(format!("https://github.com/cri-o/cri-o/pull/{number}"));
            bodies.insert(*number, pull);
        }
    }
    Bodies(bodies)
}

/// Section and lines of all notes, without those that are not of the range. CRI-O put the bullets in by a template of its own.
fn lines(items: &[Item<'_>], foreign: &BTreeSet<u64>) -> Vec<String> {
    let of_the_range = items.iter().filter(|item| !item.numbers.iter().any(|number| foreign.contains(number)));
    of_the_range.map(|item| format!("{}: {}", item.section, item.lines.join("\n").trim_start())).collect()
}

#[tokio::test]
async fn pages_of_cri_o() {
    let (Some(history), Some(data)) = (testkit::load_history("cri-o"), testkit::shared_folder()) else {
        println!("skipped: no shared data");
        return;
    };
    let repo = GitRepo::open(history.path()).unwrap();
    let found = |grep: &str| {
        let found = testkit::git(&history.path(), &["log", "--all", "--format=%H", &format!("--grep=^{grep}")]);
        found.lines().next().map(str::to_owned)
    };
    let within = |commit: &str, of: &str| {
        let args = ["merge-base", "--is-ancestor", commit, of];
        testkit::git_command(&history.path()).args(args).status().unwrap().success()
    };
    let mut profile = Profile::parse(&fs::read_to_string("../../examples/profiles/cri-o.yaml").unwrap()).unwrap();
    let mut told = 0;
    for Page { name, start, end, edition, foreign } in PAGES {
        if edition == Edition::Y2026 {
            profile.links = LinkStyle::Plain;
        }
        let text = fs::read_to_string(data.join(format!("data/crio-release-notes/{name}.md"))).unwrap();
        let items = parse(&text);
        let end = if end.starts_with('v') { end.to_owned() } else { found(end).unwrap() };
        let ends = ends(&repo, &Wanted::revision(start), &Wanted::revision(&end)).unwrap();
        let listing = list(&repo, &ends, &ListOptions::default()).unwrap();
        let source = bodies(&items);
        let mut rules = Collect::new(profile.clone(), Timestamp::UNIX_EPOCH);
        rules.repository = Some("https://github.com/cri-o/cri-o".parse().unwrap());
        let ours = collect(&listing, &ends, &source, &rules).await.unwrap();

        // Every note of the page is in the range, or it is known why not.
        let numbers: BTreeSet<u64> = items.iter().flat_map(|item| item.numbers.iter().copied()).collect();
        let range: BTreeSet<u64> = ours.accounting.pulls().iter().map(|number| number.get()).collect();
        let missing: Vec<u64> = numbers.difference(&range).copied().collect();
        assert_eq!(missing, foreign.iter().map(|(number, _)| *number).collect::<Vec<_>>(), "{name}");
        for (number, why) in foreign {
            let proved = match found(&format!("Merge pull request #{number} ")) {
                None => Unknown,
                Some(merge) if within(&merge, start) => InStart,
                Some(merge) if !within(&merge, &end) => NotInEnd,
                Some(merge) => panic!("{name}: {number} is in the range, as {merge}"),
            };
            assert_eq!(proved, *why, "{name}: {number}");
        }
        // Every commit is accounted for, and nothing of the page is lost.
        assert_eq!(ours.accounting.entries.len(), listing.commits.len(), "{name}");
        let included = ours.accounting.entries.iter().filter_map(|entry| match &entry.fate {
            Fate::Included { pull, .. } => Some(pull.get()),
            Fate::Excluded(_) => None,
        });
        let foreign: BTreeSet<u64> = foreign.iter().map(|(number, _)| *number).collect();
        assert_eq!(included.collect::<BTreeSet<_>>(), &numbers - &foreign, "{name}");
        told += ours.notes.len();

        if name == "v1.18.0" {
            // Its sections were those of a template of CRI-O's own.
            continue;
        }
        rules.strict = Some(edition);
        let strict = collect(&listing, &ends, &source, &rules).await.unwrap();
        let mut document = Document::new(name, strict.notes);
        document.previous = Some(start.to_owned());
        let mut options = RenderOptions::new(Layout::Changelog);
        options.profile = profile.clone();
        options.compat = Compat::Strict(edition);
        let made = render(&document, &options);
        assert_eq!(lines(&parse(&made), &BTreeSet::new()), lines(&items, &foreign), "{name}");
    }
    assert!(told > 200, "{told} notes");
}
