use release_version::{BuildVersion, CommitId, Part, ReleaseKind, ReleaseVersion};

#[test]
fn release_versions() {
    for (text, numbers, kind, number) in [
        ("v0.0.0", (0, 0, 0), ReleaseKind::Official, None),
        ("v1.19.0", (1, 19, 0), ReleaseKind::Official, None),
        ("v1.18.10", (1, 18, 10), ReleaseKind::Official, None),
        ("v1.20.0-alpha.0", (1, 20, 0), ReleaseKind::Alpha, Some(0)),
        ("v1.9.11-beta.3", (1, 9, 11), ReleaseKind::Beta, Some(3)),
        ("v1.19.0-rc.12", (1, 19, 0), ReleaseKind::Rc, Some(12)),
        ("v18446744073709551615.0.1", (u64::MAX, 0, 1), ReleaseKind::Official, None),
    ] {
        let version: ReleaseVersion = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((version.major(), version.minor(), version.patch()), numbers, "{text}");
        assert_eq!((version.kind(), version.number()), (kind, number), "{text}");
        assert_eq!(version.is_prerelease(), number.is_some(), "{text}");
        assert_eq!(version.to_string(), text);
        let (x, y, z) = numbers;
        let made = number.map_or(Some(ReleaseVersion::official(x, y, z)), |number| {
            ReleaseVersion::prerelease(x, y, z, kind, number)
        });
        assert_eq!(made, Some(version), "{text}");
    }
    assert_eq!(ReleaseVersion::prerelease(1, 2, 3, ReleaseKind::Official, 0), None);
}

#[test]
fn refused_release_versions() {
    for (text, part, message) in [
        ("", Part::Prefix, "expected `v` before the major number, found the end"),
        ("1.2.3", Part::Prefix, "expected `v` before the major number, found `1`"),
        (" v1.2.3", Part::Prefix, "expected `v` before the major number, found ` `"),
        ("vv1.2.3", Part::Major, "expected digits as the major number, found `v1`"),
        ("v1", Part::Minor, "expected `.` before the minor number, found the end"),
        ("v1.", Part::Minor, "expected digits as the minor number, found the end"),
        ("v1.2", Part::Patch, "expected `.` before the patch number, found the end"),
        ("v1.2.x", Part::Patch, "expected digits as the patch number, found `x`"),
        ("v1.2.-3", Part::Patch, "expected digits as the patch number, found `-`"),
        ("v1.2.3.4", Part::Rest, "expected `-` and a label, or nothing, after the patch number, found `.`"),
        ("v1.2.3 ", Part::Rest, "expected `-` and a label, or nothing, after the patch number, found ` `"),
        ("v1.2.3rc.1", Part::Rest, "expected `-` and a label, or nothing, after the patch number, found `rc`"),
        ("v01.2.3", Part::Major, "the major number has a leading zero"),
        ("v1.02.3", Part::Minor, "the minor number has a leading zero"),
        ("v1.2.00", Part::Patch, "the patch number has a leading zero"),
        ("v1.2.3-rc.01", Part::Number, "the label number has a leading zero"),
        ("v18446744073709551616.0.0", Part::Major, "the major number is larger than 18446744073709551615"),
        ("v1.2.3-gamma.0", Part::Label, "expected `alpha`, `beta` or `rc` as the label, found `gamma`"),
        ("v1.2.3-RC.0", Part::Label, "expected `alpha`, `beta` or `rc` as the label, found `RC`"),
        ("v1.2.3-rc1", Part::Label, "expected `alpha`, `beta` or `rc` as the label, found `rc1`"),
        ("v1.2.3-", Part::Label, "expected `alpha`, `beta` or `rc` as the label, found the end"),
        ("v1.2.3-5", Part::Label, "expected `alpha`, `beta` or `rc` as the label, found `5`"),
        ("v1.2.3-rc", Part::Number, "expected `.` before the label number, found the end"),
        ("v1.2.3-rc.", Part::Number, "expected digits as the label number, found the end"),
        ("v1.2.3-rc.٣", Part::Number, "expected digits as the label number, found `٣`"),
        ("v1.2.3-rc.0.5+abcde", Part::Rest, "expected nothing after the label number of a release version, found `.`"),
        ("v1.2.3-rc.0\n", Part::Rest, "expected nothing after the label number of a release version, found `\\n`"),
        ("v1.2.3\0", Part::Rest, "expected `-` and a label, or nothing, after the patch number, found `\\0`"),
    ] {
        let error = text.parse::<ReleaseVersion>().expect_err(text);
        assert_eq!(error.part(), part, "{text:?}");
        assert_eq!(error.to_string(), format!("`{}`: {message}", text.escape_debug()), "{text:?}");
        assert_eq!(error.input(), text.escape_debug().to_string());
    }
}

#[test]
fn build_versions() {
    for (text, base, commits, commit, dirty) in [
        ("v1.19.0", "v1.19.0", 0, None, false),
        ("v1.19.0-rc.1", "v1.19.0-rc.1", 0, None, false),
        ("v1.19.0-rc.1-dirty", "v1.19.0-rc.1", 0, None, true),
        ("v1.19.0-dirty", "v1.19.0", 0, None, true),
        ("v1.26.3-39+4a72b", "v1.26.3", 39, Some("4a72b"), false),
        ("v1.26.3-39+4a72b-dirty", "v1.26.3", 39, Some("4a72b"), true),
        ("v1.26.3-0+4a72b", "v1.26.3", 0, Some("4a72b"), false),
        ("v1.19.0-rc.0.529+0123456789abcd", "v1.19.0-rc.0", 529, Some("0123456789abcd"), false),
        ("v1.19.0-rc.0.529+0123456789abcd-dirty", "v1.19.0-rc.0", 529, Some("0123456789abcd"), true),
        (
            "v1.1.0-alpha.0.6+84c76d1142ea4d84c76d1142ea4d84c76d1142ea",
            "v1.1.0-alpha.0",
            6,
            Some("84c76d1142ea4d84c76d1142ea4d84c76d1142ea"),
            false,
        ),
    ] {
        let build: BuildVersion = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(build.base().to_string(), base, "{text}");
        assert_eq!(build.commits(), commits, "{text}");
        assert_eq!(build.commit().map(|commit| commit.to_string()).as_deref(), commit, "{text}");
        assert_eq!(build.is_dirty(), dirty, "{text}");
        assert_eq!(build.to_string(), text);
        assert_eq!(build.as_release().is_some(), commit.is_none() && !dirty, "{text}");
    }
}

#[test]
fn refused_build_versions() {
    for (text, part, message) in [
        ("v1.2.3+abcde", Part::Commits, "expected `-` and the number of commits before the commit, found `+`"),
        ("v1.2.3-5", Part::Commit, "expected `+` before the commit, found the end"),
        ("v1.2.3-rc.0.5", Part::Commit, "expected `+` before the commit, found the end"),
        ("v1.2.3-rc.0.5_abcde", Part::Commit, "expected `+` before the commit, found `_`"),
        ("v1.2.3-rc.0.5-gabcde", Part::Commit, "expected `+` before the commit, found `-`"),
        ("v1.2.3-rc.0+abcde", Part::Commits, "expected `.` before the number of commits, found `+`"),
        ("v1.2.3-rc.0.x+abcde", Part::Commits, "expected digits as the number of commits, found `x`"),
        ("v1.2.3-rc.0.05+abcde", Part::Commits, "the number of commits has a leading zero"),
        (
            "v1.2.3-99999999999999999999+abcde",
            Part::Commits,
            "the number of commits is larger than 18446744073709551615",
        ),
        ("v1.2.3-5+abcd", Part::Commit, "expected 5 to 40 lower-case hex digits as the commit, found `abcd`"),
        ("v1.2.3-5+", Part::Commit, "expected 5 to 40 lower-case hex digits as the commit, found the end"),
        ("v1.2.3-5+ABCDEF", Part::Commit, "expected 5 to 40 lower-case hex digits as the commit, found `ABCDEF`"),
        ("v1.2.3-5+abcdefg", Part::Commit, "expected 5 to 40 lower-case hex digits as the commit, found `abcdefg`"),
        (
            "v1.2.3-5+0123456789012345678901234567890123456789a",
            Part::Commit,
            "expected 5 to 40 lower-case hex digits as the commit, found `0123456789012345678901234567890123456789`",
        ),
        ("v1.2.3-5+abcde-dirtyx", Part::Rest, "expected `-dirty` or nothing after the commit, found `-`"),
        ("v1.2.3-5+abcde-dirty-dirty", Part::Rest, "expected `-dirty` or nothing after the commit, found `-`"),
        (
            "v1.2.3-gamma.0.5+abcde",
            Part::Label,
            "expected `alpha`, `beta` or `rc` as the label, or a number of commits, found `gamma`",
        ),
        ("-dirty", Part::Prefix, "expected `v` before the major number, found the end"),
    ] {
        let error = text.parse::<BuildVersion>().expect_err(text);
        assert_eq!(error.part(), part, "{text:?}");
        assert_eq!(error.to_string(), format!("`{text}`: {message}"), "{text:?}");
    }
}

#[test]
fn long_input_is_cut_in_the_message() {
    let error = format!("v1.2.3-{}", "ü\n".repeat(100_000)).parse::<BuildVersion>().unwrap_err();
    assert!(error.to_string().len() < 400, "{}", error.to_string().len());
    assert!(error.input().ends_with('…'));
    assert!(!error.to_string().contains('\n'));
}

#[test]
fn commits() {
    let commit: CommitId = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    assert_eq!(commit.abbreviated(14).as_str(), "0123456789abcd");
    assert_eq!(commit.abbreviated(2).as_str(), "01234");
    assert_eq!(commit.abbreviated(400), commit);
    assert!(commit.agrees_with(&"01234".parse().unwrap()));
    assert!(!commit.agrees_with(&"01235".parse().unwrap()));
    for bad in ["", "0123", "0123g", "ABCDEF", "0123456789abcdef0123456789abcdef012345678", "é1234"] {
        assert_eq!(bad.parse::<CommitId>().unwrap_err().part(), Part::Commit, "{bad:?}");
    }
}

#[test]
fn words_round_trip() {
    for kind in ReleaseKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(*kind));
        assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{kind}\""));
    }
    assert_eq!(
        "final".parse::<ReleaseKind>().unwrap_err().to_string(),
        "unknown release kind `final`; expected `alpha`, `beta`, `rc` or `official`"
    );
    assert!(serde_json::from_str::<ReleaseKind>("\"RC\"").is_err());
}

#[test]
fn json_is_the_text() {
    let version: ReleaseVersion = serde_json::from_str("\"v1.19.0-rc.1\"").unwrap();
    assert_eq!(serde_json::to_string(&version).unwrap(), "\"v1.19.0-rc.1\"");
    let build: BuildVersion = serde_json::from_str("\"v1.26.3-39+4a72b-dirty\"").unwrap();
    assert_eq!(serde_json::to_string(&build).unwrap(), "\"v1.26.3-39+4a72b-dirty\"");
    let error = serde_json::from_str::<BuildVersion>("\"v1.18.8-rc.1-3+e2dc4848ea15e7\"").unwrap_err().to_string();
    assert!(error.contains("expected `.` before the number of commits, found `-`"), "{error}");
}
