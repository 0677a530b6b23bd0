use release_version::{
    BuildVersion, KeepReason, Marker, MarkerDecision, MarkerError, MarkerName, MarkerRoot, decide, markers_for,
};

fn build(text: &str) -> BuildVersion {
    text.parse().unwrap()
}

fn paths(root: MarkerRoot, version: &str, extra: &[&str]) -> Result<String, MarkerError> {
    let extra: Vec<MarkerName> = extra.iter().map(|name| name.parse().unwrap()).collect();
    let markers = markers_for(root, &build(version), &extra)?;
    for marker in &markers {
        assert_eq!(marker.path().parse::<Marker>().as_ref(), Ok(marker));
    }
    Ok(markers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

#[test]
fn names() {
    use MarkerRoot::{Ci, CiFast, Release};
    for (root, version, extra, expected) in [
        (Release, "v1.19.2", &[][..], "release/stable.txt release/stable-1.txt release/stable-1.19.txt"),
        (Release, "v1.19.0-rc.1", &[], "release/latest.txt release/latest-1.txt release/latest-1.19.txt"),
        (Release, "v1.20.0-alpha.1", &[], "release/latest.txt release/latest-1.txt release/latest-1.20.txt"),
        (Release, "v1.20.0-beta.1", &[], "release/latest.txt release/latest-1.txt release/latest-1.20.txt"),
        (Ci, "v1.20.0-beta.1.3+abcde", &[], "ci/latest.txt ci/latest-1.txt ci/latest-1.20.txt"),
        (
            Ci,
            "v1.26.3-39+abcde",
            &["k8s-stable1"],
            "ci/latest.txt ci/latest-1.txt ci/latest-1.26.txt ci/k8s-stable1.txt",
        ),
        // a tagged commit is a CI build as any other
        (Ci, "v1.26.3", &[], "ci/latest.txt ci/latest-1.txt ci/latest-1.26.txt"),
        (CiFast, "v1.26.3-39+abcde", &["k8s-master"], "ci/fast/latest-fast.txt ci/fast/k8s-master.txt"),
    ] {
        assert_eq!(paths(root, version, extra).unwrap(), expected, "{root} {version}");
    }
}

#[test]
fn refusals() {
    use MarkerRoot::{Ci, CiFast, Release};
    for (root, version, extra, expected) in [
        (Ci, "v1.19.2-dirty", &[][..], "version `v1.19.2-dirty` is dirty"),
        (Release, "v1.19.2-dirty", &[], "version `v1.19.2-dirty` is dirty"),
        (CiFast, "v1.19.2-3+abcde-dirty", &[], "version `v1.19.2-3+abcde-dirty` is dirty"),
        (
            Release,
            "v1.19.2-3+abcde",
            &[],
            "version `v1.19.2-3+abcde` is a build between releases; release markers name releases only",
        ),
        // what once put an alpha into stable.txt
        (
            Release,
            "v1.20.0-alpha.1",
            &["k8s-master", "stable"],
            "extra marker `stable`: names that begin with `latest` or `stable` are kept for the rules",
        ),
        (
            Ci,
            "v1.20.0-alpha.1",
            &["latest-1.19"],
            "extra marker `latest-1.19`: names that begin with `latest` or `stable` are kept for the rules",
        ),
    ] {
        assert_eq!(paths(root, version, extra).unwrap_err().to_string(), expected, "{root} {version}");
    }
    for name in ["", "a/b", "..", ".hidden", "-x", "a b", "latest.txt", "ä", "a\n"] {
        assert!(matches!(name.parse::<MarkerName>(), Err(MarkerError::Name { .. })), "{name:?}");
    }
    for path in [
        "latest.txt",
        "ci/latest",
        "other/latest.txt",
        "ci/slow/latest.txt",
        "/ci/latest.txt",
        "ci/.txt",
        "ci/../x.txt",
    ] {
        assert!(path.parse::<Marker>().is_err(), "{path:?}");
    }
}

#[test]
fn decisions() {
    let back =
        |current: &str| MarkerDecision::Keep { reason: KeepReason::WouldMoveBackwards { current: build(current) } };
    let from = |current: &str| MarkerDecision::Move { from: build(current) };
    let other =
        |current: &str| MarkerDecision::Keep { reason: KeepReason::SameOrderOtherCommit { current: build(current) } };
    let same = MarkerDecision::Keep { reason: KeepReason::SameVersion };
    for (case, current, new, expected) in [
        ("none yet", None, "v1.19.0", MarkerDecision::Create),
        ("forward", Some("v1.19.0-rc.4"), "v1.19.0", from("v1.19.0-rc.4")),
        ("by number, not by text", Some("v1.9.0"), "v1.10.0", from("v1.9.0")),
        ("newline of older tools", Some("v1.19.0\n"), "v1.19.1", from("v1.19.0")),
        ("same with newline", Some("v1.19.1\r\n"), "v1.19.1", same.clone()),
        ("same build", Some("v1.2.0-rc.0.5+abcde"), "v1.2.0-rc.0.5+abcde", same),
        ("back to a pre-release", Some("v1.19.0"), "v1.19.0-rc.4", back("v1.19.0")),
        ("an alpha got into stable: still forward only", Some("v1.20.0-alpha.1"), "v1.19.3", back("v1.20.0-alpha.1")),
        ("exactly at an rc tag", Some("v1.26.3-rc.0"), "v1.26.3-5+abcde", from("v1.26.3-rc.0")),
        ("two histories", Some("v1.2.0-rc.0.5+abcde"), "v1.2.0-rc.0.5+abcdf", other("v1.2.0-rc.0.5+abcde")),
        ("tag and build at it", Some("v1.2.0"), "v1.2.0-0+abcdf", other("v1.2.0")),
    ] {
        assert_eq!(decide(current, &build(new)).unwrap(), expected, "{case}");
    }
    for (current, expected) in [
        ("", "the marker does not hold a version"),
        ("<html>", "the marker does not hold a version"),
        ("v1.19.0 \nv1.19.1", "the marker does not hold a version"),
        (" v1.19.0", "the marker does not hold a version"),
        ("v1.19.0-dirty", "version `v1.19.0-dirty` is dirty"),
    ] {
        assert_eq!(decide(Some(current), &build("v1.19.1")).unwrap_err().to_string(), expected, "{current:?}");
    }
    let error = decide(Some("v1.18.8-rc.1-3+e2dc4848ea15e7"), &build("v1.19.1")).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.ends_with("expected `.` before the number of commits, found `-`"), "{source}");
}

/// What was decided and written reads back as the same version.
#[test]
fn a_written_marker_keeps_itself() {
    for text in ["v1.19.0", "v1.19.0-rc.1", "v1.26.3-39+abcde", "v1.19.0-rc.0.5+abcde"] {
        let version = build(text);
        let expected = MarkerDecision::Keep { reason: KeepReason::SameVersion };
        assert_eq!(decide(Some(&version.to_string()), &version).unwrap(), expected, "{text}");
    }
}

#[test]
fn json() {
    let decisions = [
        decide(None, &build("v1.2.0")).unwrap(),
        decide(Some("v1.1.0"), &build("v1.2.0")).unwrap(),
        decide(Some("v1.2.0"), &build("v1.2.0")).unwrap(),
        decide(Some("v1.3.0"), &build("v1.2.0")).unwrap(),
    ];
    insta::assert_json_snapshot!(decisions, @r#"
    [
      {
        "action": "create"
      },
      {
        "action": "move",
        "from": "v1.1.0"
      },
      {
        "action": "keep",
        "reason": "same-version"
      },
      {
        "action": "keep",
        "reason": "would-move-backwards",
        "current": "v1.3.0"
      }
    ]
    "#);
}
