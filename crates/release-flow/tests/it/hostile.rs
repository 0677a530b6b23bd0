//! Files from outside: they are refused or read, and nothing panics.

use std::path::Path;

use proptest::prelude::*;
use release_flow::{config::Loaded, manifest, plan::AnyPlan};

use crate::world::{CONFIG, World, request};

/// Pieces that configurations are made of, and that confuse readers of YAML.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "project:\n",
        "  name: ",
        "hello\n",
        "build:\n",
        "  groups:\n",
        "    - ",
        "[",
        "]",
        "{",
        "}",
        "- ",
        ": ",
        "\n",
        "  ",
        "&a ",
        "*a",
        "<<: *a\n",
        "!!binary ",
        "|\n",
        ">-\n",
        "\"",
        "'",
        "\\u0000",
        "%YAML 1.2\n",
        "---\n",
        "...\n",
        "null",
        "~",
        "1e999",
        "0x7fffffffffffffffff",
        "-.inf",
        "{version}",
        "{",
        "🦀",
        "\t",
        "# ",
        "? ",
        "places:\n",
        "timeout: ",
    ];
    prop_oneof![
        8 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => any::<String>(),
    ]
}

/// A text with a few bytes exchanged, left out or doubled.
fn disturbed(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec((0..text.len(), 0..4_u8, any::<u8>()), 1..6).prop_map(move |changes| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, how, byte) in changes {
            let at = at % bytes.len();
            match how {
                0 => bytes[at] = byte,
                // One byte is left for the next change.
                1 if bytes.len() > 1 => {
                    bytes.remove(at);
                }
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        bytes
    })
}

fn read(text: &str) {
    if let Err(error) = Loaded::parse(text, Path::new("release.yaml"), Path::new("/project")) {
        let said = error.to_string();
        assert!(said.contains("release.yaml"), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn configurations_of_pieces(pieces in proptest::collection::vec(piece(), 0..40)) {
        read(&pieces.concat());
    }

    #[test]
    fn configurations_with_faults(bytes in disturbed(CONFIG)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn manifests_of_anything(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(manifest::parse("manifest.json", &bytes).is_err());
    }

    #[test]
    fn manifests_of_anything_with_the_right_schema(rest in "[\\[\\]{}\",:a-z0-9. -]{0,120}") {
        let text = format!("{{\"schema\":\"{}\",{rest}}}", manifest::SCHEMA);
        prop_assert!(manifest::parse("manifest.json", text.as_bytes()).is_err());
    }

    #[test]
    fn plans_of_anything(rest in "[\\[\\]{}\",:a-z0-9. -]{0,120}") {
        let text = format!("{{\"plan\":\"stage\",{rest}}}");
        prop_assert!(serde_json::from_str::<AnyPlan>(&text).is_err());
    }
}

/// A bomb of references, and nesting without end: an error within a moment.
#[test]
fn bombs() {
    let mut laughs = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (from, to) in ('a'..='y').zip('b'..='z') {
        laughs.push_str(&format!(
            "{to}: &{to} [*{from}, *{from}, *{from}, *{from}, *{from}, *{from}, *{from}, *{from}]\n"
        ));
    }
    let started = std::time::Instant::now();
    for text in [laughs, "[".repeat(200_000), "{a: ".repeat(100_000), "- ".repeat(200_000), "a:\n ".repeat(50_000)] {
        assert!(Loaded::parse(&text, Path::new("release.yaml"), Path::new("/project")).is_err());
    }
    assert!(
        manifest::parse("m", format!("{{\"schema\":\"{}\",\"x\":{}", manifest::SCHEMA, "[".repeat(100_000)).as_bytes())
            .is_err()
    );
    assert!(started.elapsed() < std::time::Duration::from_secs(20));
}

/// A real manifest with a field less, a field more, or a value of another kind.
#[tokio::test]
async fn manifests_with_faults() {
    let mut world = World::kubernetes();
    world.git.annotated_tag("v1.0.0-alpha.0", "first");
    world.git.commit("One");
    let plan = world.plan(&request("alpha")).await.unwrap();
    let path = world.folder().join("mock/bucket").join(&plan.prefix).join("manifest.json");
    world.stage(plan).await.unwrap();
    let text = std::fs::read(path).unwrap();
    let whole: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let parse = |value: &serde_json::Value| manifest::parse("m", &serde_json::to_vec(value).unwrap());
    let read = parse(&whole).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), whole, "what is read is what is written");
    for name in whole.as_object().unwrap().keys() {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(name);
        assert!(parse(&less).is_err(), "without `{name}`");
        let mut other = whole.clone();
        other[name] = serde_json::json!({"odd": [1]});
        assert!(parse(&other).is_err(), "`{name}` of another kind");
    }
    let mut more = whole.clone();
    more["more"] = 1.into();
    assert!(parse(&more).unwrap_err().to_string().contains("malformed"));
    let mut empty = whole.clone();
    empty["versions"] = serde_json::json!([]);
    assert!(parse(&empty).unwrap_err().to_string().contains("names no version"));
    let mut newer = whole;
    newer["schema"] = "krel/stage-manifest/v2".into();
    assert!(parse(&newer).unwrap_err().to_string().contains("`krel/stage-manifest/v2`"));
    for length in (0..text.len()).step_by(97) {
        assert!(manifest::parse("m", &text[..length]).is_err(), "the first {length} bytes");
    }
}
