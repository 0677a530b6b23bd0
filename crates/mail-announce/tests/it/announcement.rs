use mail_announce::{AnnounceError, BranchInput, ReleaseInput, announce_branch, announce_release};
use proptest::prelude::*;

fn release() -> ReleaseInput {
    ReleaseInput {
        project: "Kubernetes".into(),
        version: "v1.19.0".into(),
        changelog: Some("https://example.org/CHANGELOG-1.19.md?a=1&b=2#v1190".parse().unwrap()),
        release_page: Some("https://example.org/releases/v1.19.0".parse().unwrap()),
        notes_markdown: "## Changes by Kind\n\n### Feature\n\n- A note with `code`\n  - and more ([#1](https://example.org/pull/1))\n"
            .into(),
        intro: Some("Built with Go 1.15.\nOn time.\n\nEnjoy <it>!".into()),
        signature: Some("Release Bot".into()),
        new_branch: None,
    }
}

#[test]
fn a_branch_that_came_with_the_release() {
    let both = ReleaseInput { new_branch: Some("release-1.19".into()), ..release() };
    let (both, alone) = (announce_release(&both).unwrap(), announce_release(&release()).unwrap());
    assert_eq!(both.subject, alone.subject);
    let branch = BranchInput { project: "Kubernetes".into(), branch: "release-1.19".into(), ..BranchInput::default() };
    let branch = announce_branch(&branch).unwrap().text;
    let paragraph = branch.split("\n\n").find(|paragraph| paragraph.contains("has been created")).unwrap().trim();
    assert!(both.text.contains(&format!("Enjoy <it>!\n\n{paragraph}\n\nRelease: ")), "{}", both.text);
    assert!(both.html.contains(&format!("<p>{paragraph}</p>")), "{}", both.html);
    assert!(!alone.text.contains("has been created"));
    let bad = ReleaseInput { new_branch: Some("release\n-1.19".into()), ..release() };
    assert!(matches!(announce_release(&bad), Err(AnnounceError::ControlCharacter { field: "branch", .. })));
}

/// Checks that elements are closed in order and returns the names of all elements and the addresses.
fn elements(html: &str) -> (Vec<String>, Vec<String>) {
    let body = html.strip_prefix("<!DOCTYPE html>").expect("a document type");
    let (mut open, mut names, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("`<{part}` has no end"));
        assert!(!text.contains('>'), "stray `>` in {text:?}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closing `{name}`");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        if let Some((_, address)) = tag.split_once("href=\"") {
            addresses.push(address.split('"').next().unwrap().to_owned());
        }
        names.push(name.clone());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    (names, addresses)
}

const HARMLESS: &[&str] = &[
    "html",
    "head",
    "meta",
    "title",
    "body",
    "p",
    "br",
    "hr",
    "a",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "code",
    "pre",
    "em",
    "strong",
    "del",
    "blockquote",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "input",
];

fn assert_inert(html: &str) {
    let (names, addresses) = elements(html);
    for name in names {
        assert!(HARMLESS.contains(&name.as_str()), "element `{name}` in {html}");
    }
    for address in addresses {
        let scheme = address.split(':').next().unwrap().to_lowercase();
        assert!(["http", "https", "mailto"].contains(&scheme.as_str()), "address `{address}`");
    }
}

#[test]
fn release_announcement() {
    let announcement = announce_release(&release()).unwrap();
    assert_inert(&announcement.html);
    insta::assert_snapshot!("release.txt", format!("Subject: {}\n\n{}", announcement.subject, announcement.text));
    insta::assert_snapshot!("release.html", announcement.html);
}

#[test]
fn branch_announcement() {
    let input = BranchInput {
        project: "Kubernetes".into(),
        branch: "release-1.19".into(),
        cherry_pick_guide: Some("https://example.org/cherry-picks".parse().unwrap()),
        ..BranchInput::default()
    };
    let announcement = announce_branch(&input).unwrap();
    assert_eq!(announcement.subject, "Kubernetes release-1.19 branch has been created");
    assert_inert(&announcement.html);
    insta::assert_snapshot!("branch.txt", announcement.text);
}

#[test]
fn names_are_checked() {
    for (field, project, version) in [("project", "", "v1"), ("version", "X", " \u{a0}")] {
        let input = ReleaseInput { project: project.into(), version: version.into(), ..ReleaseInput::default() };
        assert_eq!(announce_release(&input), Err(AnnounceError::Empty { field }), "{field}");
    }
    let input = ReleaseInput { project: "X".into(), version: "v1\r\nBcc: a@b.c".into(), ..ReleaseInput::default() };
    assert!(matches!(announce_release(&input), Err(AnnounceError::ControlCharacter { field: "version", .. })));
    let input = BranchInput { project: "X".into(), branch: "a\nb".into(), ..BranchInput::default() };
    assert!(matches!(announce_branch(&input), Err(AnnounceError::ControlCharacter { field: "branch", .. })));
}

#[test]
fn hostile_notes_are_inert() {
    let cases = [
        ("script", "- a <script>alert(1)</script>"),
        ("block", "<iframe src=\"https://x.example\"></iframe>\n\n</body></html><script>x</script>"),
        ("javascript", "[a](javascript:alert(1)) <javascript:alert(1)> [b]\n\n[b]: JaVaScRiPt:x"),
        ("attribute", "[a](https://x.example/\"onmouseover=alert(1)) [c](<https://x.example/> \"ti\\\"tle\")"),
        (
            "image",
            "![a](https://x.example/p.png) [![b](javascript:x)](https://y.example) ![a [b](https://c.example)](https://d.example)",
        ),
        ("comment", "a <!-- b"),
        ("unclosed", "```\n<script>"),
        ("info", "```\"><script>\nx\n```"),
        ("cdata", "<![CDATA[ x ]]> <?php x ?> <!DOCTYPE y>"),
        ("table", "| a | b |\n|---|:-:|\n| <b> | ~~x~~ |\n\n- [ ] task\n1. x\n\n9. y"),
        ("control", "a\0b\u{1b}[31mc\r\nd"),
    ];
    for (name, notes) in cases {
        let mut input = release();
        input.project = "A & <b>\"B\"</b>".into();
        input.intro = Some(notes.into());
        input.signature = Some(notes.into());
        input.changelog = Some("javascript:alert(1)".parse().unwrap());
        input.notes_markdown = notes.into();
        let announcement = announce_release(&input).unwrap();
        println!("{name}");
        assert_inert(&announcement.html);
        assert!(!announcement.text.contains(['\0', '\u{1b}', '\r']), "{name}");
    }
}

proptest! {
    #[test]
    fn any_notes_are_inert(notes in "([-a-z \n<>&\"'`!\\[\\]()#*|~:/]|<script>|</p>|<!--|https://x\\.y){0,60}", intro in ".{0,40}") {
        let mut input = release();
        input.notes_markdown = notes;
        input.intro = Some(intro);
        let announcement = announce_release(&input).unwrap();
        assert_inert(&announcement.html);
    }
}
