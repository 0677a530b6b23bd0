use release_version::{BuildVersion, CommitId, DescribeError, Part, ReleaseVersion};

#[test]
fn git_describe() {
    for (text, expected) in [
        ("v1.1.0-alpha.0-6-g84c76d1142ea4d", "v1.1.0-alpha.0.6+84c76d1142ea4d"),
        ("v1.1.0-alpha.0-6-g84c76d1142ea4d-dirty", "v1.1.0-alpha.0.6+84c76d1142ea4d-dirty"),
        ("v1.26.3-39-g4a72b34c5d6e7f", "v1.26.3-39+4a72b34c5d6e7f"),
        ("v1.26.3-39-g4a72b34c5d6e7f-dirty\n", "v1.26.3-39+4a72b34c5d6e7f-dirty"),
        ("v1.26.3", "v1.26.3"),
        ("v1.26.3-dirty", "v1.26.3-dirty"),
        ("v1.26.0-rc.1\n", "v1.26.0-rc.1"),
        ("v1.26.0-rc.1-dirty", "v1.26.0-rc.1-dirty"),
        ("v1.26.0-rc.1-0-g4a72b34", "v1.26.0-rc.1"),
        ("v1.26.3-0-g4a72b34-dirty", "v1.26.3-dirty"),
    ] {
        let build = BuildVersion::from_describe(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(build.to_string(), expected, "{text}");
    }
}

#[test]
fn refused_descriptions() {
    for (text, part, message) in [
        ("84c76d1", Part::Prefix, "expected `v` before the major number, found `84c76d1`"),
        ("api/v1.2.3-4-gabcdef", Part::Prefix, "expected `v` before the major number, found `api`"),
        ("v1.2.3-4-abcdef", Part::Commit, "expected `-g` before the commit, found `-`"),
        ("v1.2.3-4+abcdef", Part::Commit, "expected `-g` before the commit, found `+`"),
        ("v1.2.3-rc.0.4-gabcdef", Part::Commits, "expected `-` before the number of commits, found `.`"),
        ("v1.2.3-4-gabc", Part::Commit, "expected 5 to 40 lower-case hex digits as the commit, found `abc`"),
    ] {
        let error = BuildVersion::from_describe(text).expect_err(text);
        assert_eq!((error.part(), error.to_string()), (part, format!("`{text}`: {message}")), "{text}");
    }
    let two_lines = BuildVersion::from_describe("v1.2.3\nv1.2.4\n").unwrap_err();
    assert_eq!(two_lines.part(), Part::Rest);
}

#[test]
fn from_parts() {
    let commit: CommitId = "84c76d1142ea4d".parse().unwrap();
    let alpha: ReleaseVersion = "v1.1.0-alpha.0".parse().unwrap();
    let official = ReleaseVersion::official(1, 26, 3);
    assert_eq!(BuildVersion::from_parts(alpha, 6, commit).to_string(), "v1.1.0-alpha.0.6+84c76d1142ea4d");
    assert_eq!(BuildVersion::from_parts(official, 6, commit).dirtied().to_string(), "v1.26.3-6+84c76d1142ea4d-dirty");
    assert_eq!(BuildVersion::from_parts(official, 0, commit), BuildVersion::at_tag(official));
    let untagged = BuildVersion::untagged(12, commit);
    assert_eq!(untagged.to_string(), "v0.0.0-12+84c76d1142ea4d");
    assert!(untagged.is_untagged() && !BuildVersion::from_parts(official, 6, commit).is_untagged());
    assert!(untagged < BuildVersion::at_tag("v0.0.1-alpha.0".parse().unwrap()));
}

#[test]
fn container_and_build_tags() {
    for (text, container, build) in [
        ("v1.19.0-rc.0.529+0123456789abcd", "v1.19.0-rc.0.529_0123456789abcd", "v1.19.0-rc.0.529-0123456789abcd"),
        ("v1.26.3-39+4a72b-dirty", "v1.26.3-39_4a72b-dirty", "v1.26.3-39-4a72b-dirty"),
        ("v1.19.0", "v1.19.0", "v1.19.0"),
    ] {
        let version: BuildVersion = text.parse().unwrap();
        assert_eq!(version.container_tag(), container);
        assert_eq!(version.build_tag(), build);
        assert_eq!(BuildVersion::from_container_tag(container), Ok(version));
        if container != text {
            assert_eq!(BuildVersion::from_container_tag(text).unwrap_err().part(), Part::Commit, "{text}");
        }
    }
}

#[test]
fn files_of_the_build() {
    let expected: BuildVersion = "v1.20.0-alpha.0.5+abcde".parse().unwrap();
    for text in ["v1.20.0-alpha.0.5+abcde", "v1.20.0-alpha.0.5+abcde\n", "v1.20.0-alpha.0.5+abcde\r\n"] {
        assert_eq!(BuildVersion::from_version_file(text), Ok(expected), "{text:?}");
    }
    assert!(BuildVersion::from_version_file("v1.20.0\n\n").is_err());
    let status = "gitCommit abcde\ngitTreeState clean\ngitVersion v1.20.0-alpha.0.5+abcde\ngitMajor 1\n";
    assert_eq!(BuildVersion::from_workspace_status(status), Ok(expected));
    assert_eq!(BuildVersion::from_workspace_status("gitMajor 1\n"), Err(DescribeError::NoGitVersion));
    assert!(matches!(BuildVersion::from_workspace_status("gitVersion 1.2"), Err(DescribeError::Version(_))));
    for (text, minor) in
        [("v1.19.0", "19"), ("v1.19.0-rc.0", "19+"), ("v1.19.0-3+abcde", "19+"), ("v1.19.0-dirty", "19+")]
    {
        assert_eq!(text.parse::<BuildVersion>().unwrap().minor_label(), minor, "{text}");
    }
}
