//! Map files: reading, applying, writing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use notes_gen::maps::{
    ApplyOptions, MapField, MapFile, MapRules, Maps, NoteMap, Session, SuffixEra, derive_map, render_map, review_hash,
    reviewed,
};
use notes_gen::{Documentation, DocumentationKind, Note, Notes, Profile, from_json, markdown_line};

use crate::{number, shared};

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

fn file(name: &str, text: &str) -> MapFile {
    MapFile::parse(name, text).unwrap()
}

fn note(pull: u64) -> Note {
    let mut note = Note::new(number(pull), format!("text of {pull}"));
    note.author = "someone".into();
    note.author_url = "https://git.example.org/someone".into();
    note.pr_url = format!("https://git.example.org/a/b/pull/{pull}");
    note.kinds = vec!["bug".into(), "feature".into()];
    note.sigs = vec!["apps".into(), "node".into()];
    note.feature = true;
    note.duplicate = true;
    note.duplicate_kind = true;
    note.refresh_markdown(&Profile::default());
    note
}

fn maps_of(folder: &Path) -> Maps {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.push(MapFile::parse(name, &fs::read_to_string(&path).unwrap()).unwrap());
    }
    Maps::new(vec![files])
}

#[test]
fn drafts_and_their_maps() {
    let Some(folder) = shared("release-notes") else { return };
    let profile = Profile::default();
    for (release, era, count) in
        [("1.24", SuffixEra::Never, 313), ("1.30", SuffixEra::Never, 245), ("1.32", SuffixEra::Several, 148)]
    {
        let folder = folder.join(format!("release-{release}"));
        let before = from_json(&fs::read_to_string(folder.join("release-notes-draft.json")).unwrap()).unwrap();
        let maps = maps_of(&folder.join("maps"));
        let mut options = ApplyOptions::new(&profile, now());
        options.rules = MapRules::Strict(era);
        let mut after = before.clone();
        let applied = maps.apply(&mut after, &options).unwrap();
        assert_eq!(maps.files().len(), count, "{release}");
        assert_eq!(applied.mapped.len() + applied.unused.len(), count, "{release}");
        for (old, new) in before.iter().zip(&after) {
            let n = old.pr_number;
            // 1.24 did not know `is_mapped` yet; all else is as it was, `markdown` written anew included.
            let mut expected = old.clone();
            expected.is_mapped |= release == "1.24" && applied.mapped.contains_key(&n);
            assert_eq!(*new, expected, "{release}: #{n}");
            if !applied.mapped.contains_key(&n) {
                assert_eq!(markdown_line(old, &profile), old.markdown, "{release}: #{n}");
            }
        }
        let mapped = before.iter().filter(|note| note.is_mapped).count();
        assert_eq!(mapped, if release == "1.24" { 0 } else { applied.mapped.len() }, "{release}");
        assert!(applied.mapped.values().flatten().all(|origin| !origin.changed), "{release}");

        // The corrected rules are idempotent too, after they have corrected.
        options.rules = MapRules::Corrected;
        let mut once = before.clone();
        maps.apply(&mut once, &options).unwrap();
        let mut twice = once.clone();
        maps.apply(&mut twice, &options).unwrap();
        assert_eq!(once, twice, "{release}");

        // Every map can be written and read again.
        for map in maps.files().iter().flat_map(MapFile::maps) {
            let note = before.get(map.pull.unwrap());
            let text = render_map(map, note);
            let read = file("again.yaml", &text);
            assert!(read.maps().len() == 1 && read.maps()[0].says_the_same(map), "{release}: {text}");
        }

        for entry in fs::read_dir(folder.join("sessions")).into_iter().flatten() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let session = Session::parse(&text).unwrap();
            assert!(!session.mail.is_empty());
            assert_eq!(session.render(), text.trim_end(), "{release}");
        }
    }
}

#[test]
fn golden_maps() {
    let Some(folder) = shared("goldens") else { return };
    let full = file("fullmap.yaml", &fs::read_to_string(folder.join("fullmap.yaml")).unwrap());
    assert_eq!(full.maps().len(), 4);
    let first = &full.maps()[0];
    assert_eq!(first.pull, Some(number(123)));
    assert_eq!(first.commit.as_deref(), Some("1a89038915fe77d73bf7c9cfa8f2ce123a464c82"));
    assert_eq!(first.author.as_deref(), Some("kubernetes-ci-robot"));
    assert!(first.text.as_deref().unwrap().starts_with("Lorem ipsum"));
    assert_eq!(first.areas.as_deref().unwrap(), ["testarea"]);
    assert_eq!(first.kinds.as_deref().unwrap(), ["documentation"]);
    assert_eq!(first.sigs.as_deref().unwrap(), ["api-machinery"]);
    assert_eq!((first.feature, first.action_required, first.do_not_publish), (Some(true), Some(false), None));
    assert_eq!(first.release_version.as_deref(), Some("v1.18.4"));
    let link = Documentation {
        description: "Test documentation".into(),
        url: "https://wkdkjdjkdkfj".into(),
        kind: DocumentationKind::Unknown("kep".into()),
    };
    assert_eq!(first.documentation.as_deref().unwrap(), [link]);
    let cve = first.cve.as_ref().unwrap();
    assert_eq!((cve.id.as_str(), cve.score.as_str()), ("CVE-2019-1010260", "5.2"));
    assert_eq!(cve.linked_pulls, [number(9876), number(9875)]);
    // No field leaks from one document of a file into the next, and each document is itself.
    let second = &full.maps()[1];
    assert_eq!(second.fields(), [MapField::Author]);
    assert_eq!(full.maps()[2].data.as_ref().unwrap()["classifierscore"]["qa-score"], 0.35635);
    assert_eq!(full.maps()[3].data.as_ref().unwrap()["linkedPRs"], serde_json::json!([123, 234, 345]));
    assert_eq!(full.maps()[3].fields(), [MapField::Data]);

    let text = fs::read_to_string(folder.join("cve-2020-8555.yaml")).unwrap();
    let golden = file("cve-2020-8555.yaml", &text);
    let cve = golden.maps()[0].cve.as_ref().unwrap();
    assert_eq!(cve.title, "CVE-2020-8555: Half-Blind SSRF in kube-controller-manager");
    assert_eq!(cve.vector, "CVSS:3.0/AV:N/AC:H/PR:L/UI:N/S:C/C:H/I:N/A:N", "in 2020 it stood under `rating`");
    assert_eq!(cve.published, Some("2020-05-28".parse().unwrap()));
    assert_eq!(cve.linked_pulls.len(), 5);
    assert!(
        cve.description.ends_with("master host's network.") || cve.description.contains("Server Side Request Forgery")
    );
    // Its figures were never right: another id than the title's, and another score than the vector's.
    let errors = Maps::new(vec![vec![golden.clone()]]).check().unwrap_err().to_string();
    let expected = "cve-2020-8555.yaml:9: the `cve` record cannot be used: `title` begins with the id of another record than `id`\n\
                    cve-2020-8555.yaml:11: the `cve` record cannot be used: `score` is 5.2, but the vector gives 6.3";
    assert_eq!(errors, expected);
    let right = text.replace("CVE-2019-1010260", "CVE-2020-8555").replace("5.2", "6.3");
    let maps = Maps::new(vec![vec![file("cve.yaml", &right)]]);
    maps.check().unwrap();
    let mut notes: Notes = [note(89839)].into_iter().collect();
    let applied = maps.apply(&mut notes, &ApplyOptions::new(&Profile::default(), now())).unwrap();
    assert_eq!(applied.cves.len(), 1, "a linked pull request is in the range");
    let link = "https://www.first.org/cvss/calculator/3.0#CVSS:3.0/AV:N/AC:H/PR:L/UI:N/S:C/C:H/I:N/A:N";
    assert_eq!(applied.cves[0].calc_link, link);
    assert_eq!(applied.cves[0].rating.to_string(), "Medium");
}

#[test]
fn later_maps_win_field_by_field() {
    let first = vec![
        file("b.yaml", "pr: 1\nreleasenote:\n  text: from b\n  kinds: [design]\n"),
        file("a/z.yaml", "pr: 1\nreleasenote: {text: from a/z, author: '@other', areas: [x]}\n"),
        file("a-b.yaml", "---\npr: 2\nreleasenote:\n  sigs: []\n---\npr: 1\nreleasenote: {areas: []}\n"),
    ];
    let second = vec![file("0.yaml", "pr: 1\nreleasenote:\n  action_required: true\n---\npr: 99\n")];
    let maps = Maps::new(vec![first, second]);
    let order: Vec<&str> = maps.files().iter().map(MapFile::name).collect();
    assert_eq!(order, ["a/z.yaml", "a-b.yaml", "b.yaml", "0.yaml"], "by path, name by name; providers in order");
    let mut notes: Notes = [note(1), note(2), note(3)].into_iter().collect();
    let applied = maps.apply(&mut notes, &ApplyOptions::new(&Profile::default(), now())).unwrap();
    let one = notes.get(number(1)).unwrap();
    assert_eq!(
        one.markdown,
        "From b ([#1](https://git.example.org/a/b/pull/1), [@other](https://git.example.org/other)) [SIG Apps and Node]"
    );
    assert!(one.areas.is_empty() && one.action_required && one.is_mapped);
    assert_eq!((one.feature, one.duplicate, one.duplicate_kind), (false, true, false), "they follow from the lists");
    let two = notes.get(number(2)).unwrap();
    assert!(two.sigs.is_empty() && !two.duplicate && two.feature, "an empty list is not an absent one");
    assert!(two.markdown.ends_with("[@someone](https://git.example.org/someone))"), "{}", two.markdown);
    assert_eq!(*notes.get(number(3)).unwrap(), note(3));
    let origins: Vec<String> = applied.mapped[&number(1)]
        .iter()
        .map(|origin| format!("{}={}:{}:{}", origin.field, origin.file, origin.line, origin.changed))
        .collect();
    let expected = [
        "text=b.yaml:3:true",
        "author=a/z.yaml:2:true",
        "areas=a-b.yaml:7:false",
        "kinds=b.yaml:4:true",
        "action_required=0.yaml:3:true",
    ];
    assert_eq!(origins, expected);
    let unused: Vec<_> = applied.unused.iter().map(|place| (place.pull, place.file.as_str(), place.line)).collect();
    assert_eq!(unused, [(Some(number(99)), "0.yaml", 5)]);
    let before = notes.clone();
    maps.apply(&mut notes, &ApplyOptions::new(&Profile::default(), now())).unwrap();
    assert_eq!(notes, before);
}

#[test]
fn the_rules_of_the_original() {
    let maps = Maps::new(vec![vec![
        file("1.yaml", "pr: 1\nreleasenote:\n  text: |\n    new text\n  kinds: [bug]\n"),
        file("2.yaml", "pr: 2\nreleasenote:\n  sigs: [node]\n  do_not_publish: true\n"),
        file("3.yaml", "pr: 3\nreleasenote:\n  text: new text\n  sigs: [node]\n"),
    ]]);
    let profile = Profile::default();
    let run = |rules| {
        let mut options = ApplyOptions::new(&profile, now());
        options.rules = rules;
        let mut notes: Notes = [note(1), note(2), note(3)].into_iter().collect();
        let applied = maps.apply(&mut notes, &options).unwrap();
        (notes, applied)
    };
    let suffix = |notes: &Notes, n: u64| {
        let line = &notes.get(number(n)).unwrap().markdown;
        line.rsplit_once(" [SIG").map_or(String::new(), |(_, end)| format!("[SIG{end}"))
    };
    let eras = [
        (SuffixEra::Never, "", "[SIG Apps and Node]", ""),
        (SuffixEra::Several, "[SIG Apps and Node]", "[SIG Apps and Node]", ""),
        (SuffixEra::Always, "[SIG Apps and Node]", "[SIG Apps and Node]", "[SIG Node]"),
    ];
    for (era, one, two, three) in eras {
        let (notes, applied) = run(MapRules::Strict(era));
        assert_eq!([suffix(&notes, 1), suffix(&notes, 2), suffix(&notes, 3)], [one, two, three], "{era:?}");
        let first = notes.get(number(1)).unwrap();
        assert_eq!(first.text, "new text\n");
        assert!(first.duplicate_kind && first.feature, "the flags are not computed anew");
        assert!(applied.hidden.is_empty() && notes.get(number(2)).unwrap().do_not_publish);
    }
    let (notes, applied) = run(MapRules::Corrected);
    assert_eq!([suffix(&notes, 1), suffix(&notes, 3)], ["[SIG Apps and Node]", "[SIG Node]"]);
    let first = notes.get(number(1)).unwrap();
    assert_eq!(first.text, "new text");
    assert!(!first.duplicate_kind && !first.feature);
    assert!(notes.get(number(2)).is_none(), "a map that hides a note hides it");
    assert_eq!((applied.hidden[0].file.as_str(), applied.hidden[0].line), ("2.yaml", 4));
}

#[test]
fn broken_maps_name_file_and_line() {
    #[rustfmt::skip]
    let cases = [
        ("syntax", "pr: 1\nreleasenote:\n  text: \"x\n", "m.yaml:"),
        ("half a file", "pr: 1\n---\npr: 2\n  x: y\n", "m.yaml:4: this is not YAML"),
        ("kinds at the top", "pr: 1\nkinds: [bug]\n", "m.yaml:2: unknown key `kinds`; it belongs into `releasenote`"),
        ("body in the note", "pr: 1\nreleasenote:\n  pr_body: x\n", "m.yaml:3: unknown key `pr_body`; it belongs into the document itself"),
        ("misspelt", "pr: 1\nreleasenotes:\n  text: x\n", "m.yaml:2: unknown key `releasenotes`; did you mean `releasenote`?"),
        ("misspelt below", "pr: 1\nreleasenote:\n  txt: x\n", "m.yaml:3: unknown key `txt`; did you mean `text`?"),
        ("unknown", "pr: 1\nfoo-bar-baz: x\n", "m.yaml:2: unknown key `foo-bar-baz`; known here are pr, commit, releasenote, datafields, pr_body, embargo"),
        ("no number", "releasenote:\n  text: x\n", "m.yaml:1: `pr` is missing"),
        ("zero", "releasenote:\n  text: x\npr: 0\n", "m.yaml:3: `pr` must be a number above zero"),
        ("no number but text", "pr: \"12\"\n", "m.yaml:1: `pr` must be the number of a pull request"),
        ("list for text", "pr: 1\nreleasenote:\n  text:\n    - x\n", "m.yaml:4: `text` must be text"),
        ("no text", "pr: 1\nreleasenote:\n  text: \" \"\n", "m.yaml:3: `text` must be more than blanks; `do_not_publish: true` hides a note"),
        ("text for list", "pr: 1\nreleasenote:\n  sigs: node\n", "m.yaml:3: `sigs` must be a list of words"),
        ("text for flag", "pr: 1\nreleasenote:\n  feature: yes\n", "m.yaml:3: `feature` must be true or false"),
        ("no map", "- pr: 1\n", "m.yaml:1: a map with the key `pr` is expected here"),
        ("link without address", "pr: 1\nreleasenote:\n  documentation:\n    - description: x\n", "m.yaml:4: `documentation` must be a list of maps with `url` and `type`"),
        ("cve key", "pr: 1\ndatafields:\n  cve:\n    titel: x\n", "m.yaml:4: this key is not known in `cve`; known are id, title, "),
        ("embargo", "pr: 1\nembargo: soon\n", "m.yaml:2: `embargo` must be a date or an instant such as 2026-12-01T00:00:00Z"),
        ("embargo left empty", "pr: 1\nembargo:\n", "m.yaml:2: `embargo` must be a date or an instant such as 2026-12-01T00:00:00Z"),
        ("embargo of blanks", "pr: 1\nembargo: \" \"\n", "m.yaml:2: `embargo` must be a date or an instant such as 2026-12-01T00:00:00Z"),
        ("embargo null", "embargo: ~\npr: 1\n", "m.yaml:1: `embargo` must be a date or an instant such as 2026-12-01T00:00:00Z"),
        ("embargo of the record left empty", "pr: 1\ndatafields:\n  cve:\n    embargo:\n", "m.yaml:4: `embargo` is neither a date nor an instant"),
        ("embargo of the record of nothing", "pr: 1\ndatafields: {cve: {embargo: \"\"}}\n", "m.yaml:2: `embargo` is neither a date nor an instant"),
        ("embargo in the note", "pr: 1\nreleasenote:\n  embargo: 2026-12-01\n", "m.yaml:3: unknown key; it belongs into the document itself"),
        ("embargo of the data", "pr: 1\ndatafields:\n  embargo: 2026-12-01\n", "m.yaml:3: `embargo` must be in the document itself or in `cve`; here it holds nothing back"),
        ("embargo of the data, shouted", "pr: 1\ndatafields: {EMBARGO: 2026-12-01}\n", "m.yaml:2: `embargo` must be in the document itself or in `cve`"),
        ("embargo of the data, misspelt", "pr: 1\ndatafields: {embrago: 2026-12-01}\n", "m.yaml:2: `embargo` must be in the document itself or in `cve`"),
        ("twice", "pr: 1\nreleasenote: {text: x, text: y}\n", "m.yaml:2: this key is there twice"),
    ];
    for (name, text, expected) in cases {
        let error = MapFile::parse("m.yaml", text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{name}: {error}");
    }
    assert!(file("m.yaml", "# nothing\n---\n").maps().is_empty());
}

#[test]
fn changed_bodies_are_told() {
    let maps = Maps::new(vec![vec![
        file("1.yaml", "pr: 1\npr_body: \"a\\nb\"\n"),
        file("2.yaml", "pr: 2\npr_body: \"old\"\n"),
        file("3.yaml", "pr: 3\npr_body: \"\"\n"),
    ]]);
    let profile = Profile::default();
    let bodies: BTreeMap<_, _> =
        [(1, "a\r\nb\r\n"), (2, "new"), (3, "any")].map(|(n, body)| (number(n), body.to_owned())).into();
    let mut options = ApplyOptions::new(&profile, now());
    options.bodies = Some(&bodies);
    let mut notes: Notes = [note(1), note(2), note(3)].into_iter().collect();
    let applied = maps.apply(&mut notes, &options).unwrap();
    let changed: Vec<_> = applied.body_changed.iter().map(|place| place.file.as_str()).collect();
    assert_eq!(changed, ["2.yaml"]);
    assert!(notes.iter().all(|note| note.is_mapped));
}

const SECRET: &str = "\
pr: 1
releasenote:
  text: the secret text
datafields:
  cve:
    id: CVE-2026-4321
    title: the secret title
    description: the secret description
    vector: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
    score: 9.8
    embargo: 2026-12-01T00:00:00Z
";

#[test]
fn an_embargo_holds_until_its_instant() {
    let profile = Profile::default();
    let maps = Maps::new(vec![vec![file("CVE-2026-4321.yaml", SECRET)]]);
    let run = |at: &str| {
        let mut notes: Notes = [note(1)].into_iter().collect();
        let applied = maps.apply(&mut notes, &ApplyOptions::new(&profile, at.parse().unwrap())).unwrap();
        (notes, applied)
    };
    for at in ["2026-11-25T12:00:00Z", "2026-11-30T23:59:59.999999999Z", "2026-12-01T00:30:00+01:00"] {
        let (notes, applied) = run(at);
        assert_eq!(notes.get(number(1)).unwrap(), &note(1), "{at}");
        assert_eq!(applied.withheld, 1, "{at}");
        let told = format!("{applied:?}{}{maps:?}", serde_json::to_string(&applied).unwrap());
        let told = told.replace("CVE-2026-4321.yaml", "");
        for word in ["secret", "4321", "9.8", "CVSS"] {
            assert!(!told.contains(word), "{at}: {told}");
        }
        assert!(applied.unused.is_empty() && applied.mapped.is_empty(), "{at}");
    }
    let (notes, applied) = run("2026-12-01T00:00:00Z");
    assert_eq!(applied.withheld, 0);
    assert_eq!(applied.cves[0].title, "the secret title");
    assert_eq!(notes.get(number(1)).unwrap().text, "the secret text");

    // Elsewhere it is not even counted.
    let mut other: Notes = [note(2)].into_iter().collect();
    assert_eq!(maps.apply(&mut other, &ApplyOptions::new(&profile, now())).unwrap().withheld, 0);
    // A date is its midnight in UTC; an embargo of the document holds for the record too; the later one counts.
    let dated = SECRET.replace("2026-12-01T00:00:00Z", "2026-12-01").replace("pr: 1", "pr: 1\nembargo: 2026-12-02");
    let maps = Maps::new(vec![vec![file("x.yaml", &dated)]]);
    let until = maps.files()[0].maps()[0].embargoed_until().unwrap();
    assert_eq!(until.to_string(), "2026-12-02T00:00:00Z");
}

#[test]
fn errors_tell_nothing_of_an_embargo() {
    let broken = [
        SECRET.replace("    title", "   title"),
        SECRET.replace("description", "the secret key"),
        SECRET.replace("  text: the secret text", "  text: [the secret text]"),
        SECRET.replace("score: 9.8", "score: secret"),
        SECRET.replace("score: 9.8", "score: 7.6"),
        SECRET.replace("C:H", "C:secret"),
        SECRET.replace("CVE-2026-4321", "secret 4321"),
        SECRET.replace("2026-12-01T00:00:00Z", "secret"),
        SECRET.replace("pr: 1", "pr: 1\nthe secret key: x"),
        SECRET.replace("releasenote:", "releasenote: secret"),
    ];
    for text in broken {
        let message = match MapFile::parse("m.yaml", &text) {
            Err(error) => format!("{error} {error:?}"),
            Ok(file) => {
                let errors = Maps::new(vec![vec![file]]).check().unwrap_err();
                format!("{errors} {errors:?}")
            }
        };
        for word in ["secret", "4321", "7.6", "9.8"] {
            assert!(!message.contains(word), "{message}");
        }
        assert!(message.starts_with("m.yaml:"), "{message}");
    }
}

#[test]
fn records_of_one_vulnerability_are_one() {
    let record = |pr: &str, title: &str, linked: &str| {
        format!(
            "pr: {pr}\ndatafields:\n  cve:\n    id: CVE-2026-10\n    title: {title}\n    description: d\n    linkedPRs: {linked}\n    \
             vector: CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H\n    score: 10\n    rating: Critical\n"
        )
    };
    let other = record("3", "other", "[]").replace("CVE-2026-10", "CVE-2026-9");
    let maps = Maps::new(vec![vec![
        file("a.yaml", &record("1", "first", "[7]")),
        file("b.yaml", &record("2", "second", "[]")),
        file("c.yaml", &other),
        file("d.yaml", &record("0", "third", "[8]").replace("-10", "-11")),
        file("e.yaml", &record("50", "elsewhere", "[51]").replace("-10", "-12")),
    ]]);
    let profile = Profile::default();
    let mut options = ApplyOptions::new(&profile, now());
    // 8 is in the range and has no note.
    let range = BTreeSet::from([1, 2, 3, 8].map(number));
    options.range = Some(&range);
    let mut notes: Notes = [note(1), note(2), note(3)].into_iter().collect();
    let applied = maps.apply(&mut notes, &options).unwrap();
    let shown: Vec<_> = applied
        .cves
        .iter()
        .map(|cve| (cve.id.as_str(), cve.title.as_str(), cve.pulls.iter().map(|n| n.get()).collect::<Vec<_>>()))
        .collect();
    let expected =
        [("CVE-2026-9", "other", vec![3]), ("CVE-2026-10", "second", vec![1, 2, 7]), ("CVE-2026-11", "third", vec![8])];
    assert_eq!(shown, expected);
    let json = serde_json::to_value(&applied.cves[1]).unwrap();
    assert_eq!(json["score"], 10);
    assert_eq!(json["pullrequests"], serde_json::json!([1, 2, 7]));

    // One that cannot be used stops the run and changes nothing.
    let bad = record("1", "x", "[]").replace("score: 10", "score: 9");
    let maps = Maps::new(vec![vec![file("a.yaml", "pr: 1\nreleasenote: {text: new}\n"), file("bad.yaml", &bad)]]);
    let mut notes: Notes = [note(1)].into_iter().collect();
    let error = maps.apply(&mut notes, &ApplyOptions::new(&profile, now())).unwrap_err();
    assert_eq!(error.to_string(), "bad.yaml:9: the `cve` record cannot be used: `score` is 9, but the vector gives 10");
    assert_eq!(*notes.get(number(1)).unwrap(), note(1));
}

#[test]
fn written_maps() {
    let mut after = note(1);
    after.text = "a: \"new\" text\n\n- with `x`\n  - and # y\nend".into();
    after.kinds.clear();
    let map = derive_map(&note(1), &after);
    assert_eq!(map.fields(), [MapField::Text, MapField::Kinds]);
    insta::assert_snapshot!("map.yaml", render_map(&map, Some(&note(1))));
    let maps = Maps::new(vec![vec![file("m.yaml", &render_map(&map, Some(&note(1))))]]);
    let mut notes: Notes = [note(1)].into_iter().collect();
    maps.apply(&mut notes, &ApplyOptions::new(&Profile::default(), now())).unwrap();
    let mapped = notes.get(number(1)).unwrap();
    assert_eq!((&mapped.text, &mapped.kinds), (&after.text, &after.kinds));

    // Untouched, it says nothing; with every `#` taken away, it says what the note says.
    let idle = render_map(&NoteMap::new(number(1)), Some(&note(1)));
    assert!(file("m.yaml", &idle).maps()[0].fields().is_empty());
    let active: String = idle.lines().map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line))).collect();
    let active = file("m.yaml", &active);
    let all = &active.maps()[0];
    assert_eq!(all.fields().len(), 9);
    assert_eq!(all.text.as_deref(), Some("text of 1"));
    insta::assert_snapshot!("cve.yaml", render_map(&file("m.yaml", SECRET).maps()[0], None));
}

#[test]
fn sessions() {
    let mut first = Session::new("someone@example.invalid", "Someone", 100);
    first.review(number(1), "a");
    first.review(number(2), "b");
    first.review(number(1), "c");
    let mut second = Session::new("someone@example.invalid", "Someone", 50);
    second.review(number(1), "old");
    second.review(number(3), "d");
    let expected: BTreeMap<_, _> = [(1, "c"), (2, "b"), (3, "d")].map(|(n, hash)| (number(n), hash.to_owned())).into();
    assert_eq!(reviewed(&[first.clone(), second]), expected, "the newest session counts");
    assert_eq!(first.file_name(), "maps-100.json");
    assert_eq!(Session::parse(&first.render()).unwrap(), first);
    for text in
        ["", "{}", "[]", "{\"mail\": 1}", "{\"mail\":\"\",\"name\":\"\",\"date\":1,\"prs\":[{\"nr\":0,\"hash\":\"\"}]}"]
    {
        assert!(Session::parse(text).is_err(), "{text}");
    }

    let base = review_hash(&note(1), "body");
    assert_eq!(review_hash(&note(1), "body"), base);
    let mut changes: Vec<(Note, &str)> = (0..5).map(|_| (note(1), "body")).collect();
    changes[0].0.text.push('x');
    changes[1].0.kinds.push("x".into());
    changes[2].0.action_required = true;
    changes[3].1 = "other body";
    changes[4].0.sigs = vec!["appsnode".into()];
    let hashes: BTreeSet<String> = changes.iter().map(|(note, body)| review_hash(note, body)).collect();
    assert!(hashes.len() == 5 && !hashes.contains(&base));
    assert_eq!(review_hash(&note(1), "a\r\nb"), review_hash(&note(1), "a\nb"));
}
