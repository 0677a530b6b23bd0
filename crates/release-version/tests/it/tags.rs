use release_version::{ReleaseVersion, SUPPORTED_LINES, TagPrefix, latest_tag, supported_lines};

#[test]
fn latest() {
    let none = TagPrefix::default();
    for (tags, expected) in [
        (&[][..], None),
        (&["nightly", "1.2.3", "v1.2", "v1.2.3-5+abcde", "api/v9.9.9"], None),
        (&["v0.10.0", "v0.9.0", "v0.10.0-rc.1"], Some("v0.10.0")),
        (&["v1.9.0", "v1.10.0-alpha.1", "v1.10.0-alpha.0"], Some("v1.10.0-alpha.1")),
    ] {
        assert_eq!(latest_tag(tags.iter().copied(), &none), expected.map(|text| text.parse().unwrap()), "{tags:?}");
    }
    let api: TagPrefix = "api".parse().unwrap();
    assert_eq!(
        latest_tag(["v9.0.0", "api/v1.2.3", "api//v2.0.0", "apiv3.0.0"], &api),
        Some(ReleaseVersion::official(1, 2, 3))
    );
}

#[test]
fn prefixes() {
    for (text, expected) in [("", ""), ("api", "api/"), ("api/", "api/"), ("a/b.c/", "a/b.c/"), ("Ünï", "Ünï/")] {
        assert_eq!(text.parse::<TagPrefix>().unwrap().as_str(), expected, "{text}");
    }
    for text in [
        "/", "/api", "api//", "a//b", ".api", "-api", "api.", "api.lock", "a..b", "a b", "a\tb", "a~b", "a:b", "a@{b",
        "a\\b",
    ] {
        assert!(text.parse::<TagPrefix>().is_err(), "{text:?}");
    }
    assert_eq!(
        "a b".parse::<TagPrefix>().unwrap_err().to_string(),
        "`a b` is not a tag prefix; expected nothing or path segments such as `api/`"
    );
}

#[test]
fn support_window() {
    let releases: Vec<ReleaseVersion> =
        "v1.9.0 v1.10.0 v1.18.9 v1.19.0 v1.19.1 v1.20.0 v1.21.0-rc.1 v1.17.3 v1.20.1-rc.0"
            .split_whitespace()
            .map(|text| text.parse().unwrap())
            .collect();
    for (window, expected) in [
        (SUPPORTED_LINES, "1.20 1.19 1.18"),
        (0, ""),
        (1, "1.20"),
        (5, "1.20 1.19 1.18 1.17 1.10"),
        (99, "1.20 1.19 1.18 1.17 1.10 1.9"),
    ] {
        let lines: Vec<String> = supported_lines(&releases, window).iter().map(ToString::to_string).collect();
        assert_eq!(lines.join(" "), expected, "window {window}");
    }
}
