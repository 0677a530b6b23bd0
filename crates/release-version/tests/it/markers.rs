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

fn marker(path: &str) -> Marker {
    path.parse().unwrap()
}

#[test]
fn decisions() {
    let back =
        |current: &str| MarkerDecision::Keep { reason: KeepReason::WouldMoveBackwards { current: build(current) } };
    let from = |current: &str| MarkerDecision::Move { from: build(current) };
    let repair = |current: &str| MarkerDecision::Repair { from: build(current) };
    let other =
        |current: &str| MarkerDecision::Keep { reason: KeepReason::SameOrderOtherCommit { current: build(current) } };
    let same = MarkerDecision::Keep { reason: KeepReason::SameVersion };
    let (stable, latest, ci) = ("release/stable", "release/latest", "ci/latest");
    for (case, name, current, new, expected) in [
        ("none yet", stable, None, "v1.19.0", MarkerDecision::Create),
        ("forward", stable, Some("v1.18.9"), "v1.19.0", from("v1.18.9")),
        ("by number, not by text", stable, Some("v1.9.0"), "v1.10.0", from("v1.9.0")),
        ("newline of older tools", stable, Some("v1.19.0\n"), "v1.19.1", from("v1.19.0")),
        ("same with newline", stable, Some("v1.19.1\r\n"), "v1.19.1", same.clone()),
        ("same build", ci, Some("v1.2.0-rc.0.5+abcde"), "v1.2.0-rc.0.5+abcde", same.clone()),
        ("backwards", stable, Some("v1.19.0"), "v1.18.9", back("v1.19.0")),
        ("backwards in its line", "release/stable-1.18", Some("v1.18.9"), "v1.18.8", back("v1.18.9")),
        ("backwards among pre-releases", latest, Some("v1.20.0-alpha.0"), "v1.19.0-rc.4", back("v1.20.0-alpha.0")),
        // An alpha that got into a stable marker kept the next official releases out of it.
        ("an alpha in stable", stable, Some("v1.20.0-alpha.1"), "v1.19.3", repair("v1.20.0-alpha.1")),
        ("an rc in stable", "release/stable-1", Some("v1.20.0-rc.1"), "v1.19.3", repair("v1.20.0-rc.1")),
        ("an rc in the line's stable", "release/stable-1.19", Some("v1.19.4-rc.0"), "v1.19.3", repair("v1.19.4-rc.0")),
        ("an rc in stable, and forward", stable, Some("v1.19.0-rc.4"), "v1.19.0", from("v1.19.0-rc.4")),
        ("a CI build in stable", stable, Some("v1.19.3-5+abcde"), "v1.19.3", repair("v1.19.3-5+abcde")),
        ("another line in stable", "release/stable-1.19", Some("v1.20.0"), "v1.19.3", repair("v1.20.0")),
        ("another major in stable", "release/stable-1", Some("v2.0.0"), "v1.19.3", repair("v2.0.0")),
        ("another line in latest", "release/latest-1.19", Some("v1.20.0-rc.1"), "v1.19.0-rc.1", repair("v1.20.0-rc.1")),
        ("another line in latest of CI", "ci/latest-1.19", Some("v1.20.0"), "v1.19.3-5+abcde", repair("v1.20.0")),
        ("another line, and forward", "release/stable-1.19", Some("v1.18.9"), "v1.19.3", from("v1.18.9")),
        // An official release in a latest marker is later than what comes, and no harm.
        ("an official release in latest", latest, Some("v1.19.0"), "v1.19.0-rc.4", back("v1.19.0")),
        ("and in its line", "release/latest-1.19", Some("v1.19.0"), "v1.19.0-rc.4", back("v1.19.0")),
        (
            "an official release of another line",
            "release/latest-1.19",
            Some("v1.20.0"),
            "v1.19.1-rc.0",
            repair("v1.20.0"),
        ),
        ("exactly at an rc tag", ci, Some("v1.26.3-rc.0"), "v1.26.3-5+abcde", from("v1.26.3-rc.0")),
        ("two histories", ci, Some("v1.2.0-rc.0.5+abcde"), "v1.2.0-rc.0.5+abcdf", other("v1.2.0-rc.0.5+abcde")),
        ("tag and build at it", ci, Some("v1.2.0"), "v1.2.0-0+abcdf", other("v1.2.0")),
        (
            "a name of one's own takes all",
            "ci/k8s-stable1",
            Some("v1.20.0-alpha.1"),
            "v1.19.3",
            back("v1.20.0-alpha.1"),
        ),
    ] {
        let marker = marker(&format!("{name}.txt"));
        assert_eq!(decide(&marker, current, &build(new)).unwrap(), expected, "{case}");
        // Decided and done, it stays.
        if !matches!(expected, MarkerDecision::Keep { .. }) {
            assert_eq!(decide(&marker, Some(new), &build(new)).unwrap(), same, "{case}");
        }
    }
    for (current, expected) in [
        ("", "the marker does not hold a version"),
        ("<html>", "the marker does not hold a version"),
        ("v1.19.0 \nv1.19.1", "the marker does not hold a version"),
        (" v1.19.0", "the marker does not hold a version"),
        ("v1.19.0-dirty", "version `v1.19.0-dirty` is dirty"),
    ] {
        let decided = decide(&marker("release/stable.txt"), Some(current), &build("v1.19.1"));
        assert_eq!(decided.unwrap_err().to_string(), expected, "{current:?}");
    }
    let decided = decide(&marker("ci/latest.txt"), Some("v1.18.8-rc.1-3+e2dc4848ea15e7"), &build("v1.19.1"));
    let source = std::error::Error::source(&decided.unwrap_err()).unwrap().to_string();
    assert!(source.ends_with("expected `.` before the number of commits, found `-`"), "{source}");
}

/// Which versions the rules put into a marker; no other is ever decided to go there.
#[test]
fn belonging() {
    for (path, versions) in [
        ("release/stable.txt", "v1.19.0 v2.0.0 !v1.19.0-rc.1 !v1.20.0-alpha.0 !v1.19.0-5+abcde"),
        ("release/stable-1.txt", "v1.19.0 !v2.0.0 !v1.19.0-rc.1 !v11.0.0"),
        ("release/stable-1.19.txt", "v1.19.0 v1.19.7 !v1.20.0 !v1.1.9 !v1.19.8-rc.0"),
        ("release/latest.txt", "v1.19.0-rc.1 v1.20.0-alpha.0 !v1.19.0"),
        ("release/latest-1.19.txt", "v1.19.0-rc.1 v1.19.0-beta.0 !v1.20.0-alpha.0 !v1.19.1"),
        ("ci/latest-1.19.txt", "v1.19.0 v1.19.0-rc.1 v1.19.0-5+abcde !v1.20.0-5+abcde !v1.19.0-dirty"),
        ("ci/fast/latest-fast.txt", "v1.19.0 v1.20.0-5+abcde"),
        ("ci/latest-other.txt", "!v1.19.0"),
        ("ci/k8s-master.txt", "v1.19.0 v1.20.0-alpha.0.5+abcde"),
    ] {
        for word in versions.split(' ') {
            let (text, belongs) = word.strip_prefix('!').map_or((word, true), |text| (text, false));
            let (marker, version) = (marker(path), build(text));
            assert_eq!(marker.admits(&version), belongs, "{path} {text}");
            let decided = decide(&marker, None, &version);
            if belongs {
                assert_eq!(decided, Ok(MarkerDecision::Create), "{path} {text}");
            } else if version.is_dirty() {
                assert_eq!(decided, Err(MarkerError::Dirty { version }), "{path} {text}");
            } else {
                assert_eq!(decided, Err(MarkerError::Foreign { marker: Box::new(marker), version }), "{path} {text}");
            }
        }
    }
    let error = decide(&marker("release/stable.txt"), Some("v1.19.0"), &build("v1.20.0-alpha.1")).unwrap_err();
    assert_eq!(error.to_string(), "version `v1.20.0-alpha.1` does not belong in `release/stable.txt`");
}

/// What was decided and written reads back as the same version.
#[test]
fn a_written_marker_keeps_itself() {
    let marker = marker("ci/latest.txt");
    for text in ["v1.19.0", "v1.19.0-rc.1", "v1.26.3-39+abcde", "v1.19.0-rc.0.5+abcde"] {
        let version = build(text);
        let expected = MarkerDecision::Keep { reason: KeepReason::SameVersion };
        assert_eq!(decide(&marker, Some(&version.to_string()), &version).unwrap(), expected, "{text}");
    }
}

#[test]
fn json() {
    let stable = marker("release/stable.txt");
    let decided = |current| decide(&stable, current, &build("v1.2.0")).unwrap();
    let contents = [None, Some("v1.1.0"), Some("v1.3.0-alpha.0"), Some("v1.2.0"), Some("v1.3.0")];
    let decisions = contents.map(decided);
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
        "action": "repair",
        "from": "v1.3.0-alpha.0"
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
