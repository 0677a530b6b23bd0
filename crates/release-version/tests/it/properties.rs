use proptest::prelude::*;
use release_version::{
    BranchNames, BuildVersion, CommitId, Marker, MarkerName, ReleaseKind, ReleaseVersion, TagPrefix,
};

fn release() -> impl Strategy<Value = ReleaseVersion> {
    let kind = prop::sample::select(ReleaseKind::ALL);
    (any::<[u64; 4]>(), kind).prop_map(|([x, y, z, n], kind)| {
        ReleaseVersion::prerelease(x, y, z, kind, n).unwrap_or(ReleaseVersion::official(x, y, z))
    })
}

fn build() -> impl Strategy<Value = BuildVersion> {
    (release(), any::<u64>(), "[0-9a-f]{5,40}", any::<bool>()).prop_map(|(base, commits, commit, dirty)| {
        let build = BuildVersion::from_parts(base, commits, commit.parse::<CommitId>().unwrap());
        if dirty { build.dirtied() } else { build }
    })
}

/// Near the grammar: its own pieces in any order, with noise.
fn near() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "v",
            ".",
            "-",
            "+",
            "_",
            "g",
            "alpha",
            "beta",
            "rc",
            "dirty",
            "-dirty",
            "0",
            "1",
            "19",
            "007",
            "abcde",
            "release-",
            "master",
            "latest",
            "ci/",
            ".txt",
            "18446744073709551615",
            "18446744073709551616",
            "٣",
            "\n",
            "\0",
            "💥",
            "v1.2.3",
            "-rc.0",
            ".5+abcde"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
        "[0-9]{1,60}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// What parses must render to the very same text; nothing may panic.
fn check(text: &str) {
    if let Ok(version) = text.parse::<ReleaseVersion>() {
        assert_eq!(version.to_string(), text);
        assert_eq!(text.parse::<BuildVersion>(), Ok(BuildVersion::at_tag(version)));
    }
    match text.parse::<BuildVersion>() {
        Ok(build) => {
            assert_eq!(build.to_string(), text);
            assert_eq!(BuildVersion::from_container_tag(&build.container_tag()), Ok(build));
        }
        Err(error) => assert!(error.to_string().len() < 2000, "{error}"),
    }
    if let Ok(build) = BuildVersion::from_describe(text) {
        assert_eq!(build.to_string().parse(), Ok(build));
    }
    if let Ok(branch) = BranchNames::default().parse(text) {
        assert_eq!(branch.name(), text);
        assert_eq!(BranchNames::default().branch(branch.kind()), branch);
    }
    if let Ok(marker) = text.parse::<Marker>() {
        assert_eq!(marker.path(), text);
    }
    if let Ok(name) = text.parse::<MarkerName>() {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(prefix) = text.parse::<TagPrefix>() {
        assert_eq!(prefix.as_str().parse(), Ok(prefix));
    }
    drop(text.parse::<CommitId>());
    drop(BuildVersion::from_workspace_status(text));
}

proptest! {
    #[test]
    fn releases_round_trip(version in release()) {
        prop_assert_eq!(version.to_string().parse(), Ok(version));
    }

    #[test]
    fn builds_round_trip(build in build()) {
        prop_assert_eq!(build.to_string().parse(), Ok(build));
        prop_assert_eq!(BuildVersion::from_container_tag(&build.container_tag()), Ok(build));
        prop_assert!(!build.container_tag().contains('+') && !build.build_tag().contains('+'));
        let json = serde_json::to_string(&build).unwrap();
        prop_assert_eq!(serde_json::from_str::<BuildVersion>(&json).unwrap(), build);
    }

    #[test]
    fn descriptions_say_the_same(base in release(), commits in 1..=u64::MAX, commit in "[0-9a-f]{5,40}") {
        let described = BuildVersion::from_describe(&format!("{base}-{commits}-g{commit}"));
        prop_assert_eq!(described, Ok(BuildVersion::from_parts(base, commits, commit.parse().unwrap())));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn text_near_the_grammar_is_read_or_refused(text in near()) {
        check(&text);
    }

    #[test]
    fn one_wrong_byte_never_reads_as_another_spelling(build in build(), at in any::<prop::sample::Index>(), sign in any::<char>()) {
        let mut text: Vec<char> = build.to_string().chars().collect();
        let at = at.index(text.len());
        text[at] = sign;
        check(&text.into_iter().collect::<String>());
    }
}
