use release_version::{BranchKind, BranchNames, ParseBranchError, ReleaseLine, ReleaseVersion};

const LINE: ReleaseLine = ReleaseLine { major: 1, minor: 19 };

#[test]
fn names() {
    let master = BranchNames::default();
    let main = BranchNames::new("main", "rel/v").unwrap();
    for (names, text, kind) in [
        (&master, "master", BranchKind::Default),
        (&master, "release-1.19", BranchKind::Release(LINE)),
        (&master, "release-1.19.0", BranchKind::Hotfix { line: LINE, patch: 0 }),
        (&main, "main", BranchKind::Default),
        (&main, "rel/v1.19", BranchKind::Release(LINE)),
        (&main, "rel/v1.19.7", BranchKind::Hotfix { line: LINE, patch: 7 }),
    ] {
        let branch = names.parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(branch.kind(), kind, "{text}");
        assert_eq!(branch.to_string(), text);
        assert_eq!(names.branch(kind), branch, "{text}");
        assert_eq!(serde_json::to_value(&branch).unwrap(), text);
    }
}

#[test]
fn refused_names() {
    let names = BranchNames::default();
    for text in [
        "",
        "main",
        "Master",
        "xrelease-1.2",
        "notmaster-foo",
        "master-foo",
        "master ",
        "release-",
        "release-1",
        "release-1.",
        "release-.1",
        "release-1.2.",
        "release-1.2.3.4",
        "release-1.2x",
        "release-1.2-x",
        "release-1.2\n",
        "\nrelease-1.2",
        "release-v1.2",
        "release-1.2.x",
        "refs/heads/release-1.2",
        "origin/master",
        "release-٣.1",
    ] {
        let error = names.parse(text).expect_err(text);
        assert!(matches!(error, ParseBranchError::Unknown { .. }), "{text:?}: {error:?}");
    }
    assert_eq!(
        names.parse("xrelease-1.2").unwrap_err().to_string(),
        "`xrelease-1.2` is no branch to release from; expected `master`, `release-X.Y` or `release-X.Y.Z`"
    );
    assert!(matches!(names.parse("release-1.02"), Err(ParseBranchError::LeadingZero { .. })));
    assert!(matches!(names.parse("release-1.99999999999999999999"), Err(ParseBranchError::TooLarge { .. })));
    for (default, prefix) in [("", "release-"), ("main", ""), ("release-1.2", "release-"), ("release-01.2", "release-")]
    {
        let error = BranchNames::new(default, prefix).expect_err(default);
        assert!(matches!(error, ParseBranchError::Ambiguous { .. }), "{default} {prefix}: {error:?}");
    }
    assert!(BranchNames::new("release-main", "release-").is_ok());
}

#[test]
fn parents_and_branch_points() {
    let names = BranchNames::new("main", "release-").unwrap();
    let parent = |text: &str| names.parse(text).unwrap().parent().map(|parent| parent.to_string());
    assert_eq!(parent("main"), None);
    assert_eq!(parent("release-1.19").as_deref(), Some("main"));
    assert_eq!(parent("release-1.19.3").as_deref(), Some("release-1.19"));
    assert_eq!(names.parse("release-1.19.3").unwrap().branch_point(), Some(ReleaseVersion::official(1, 19, 3)));
    assert_eq!(names.parse("release-1.19").unwrap().branch_point(), None);
    assert_eq!(names.parse("release-1.19.3").unwrap().line(), Some(LINE));
    assert_eq!(names.default_branch().line(), None);
}
