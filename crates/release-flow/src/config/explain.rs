//! `release.yaml` told in words, as a schema, and as a file to start from.

use std::fmt::Write as _;

use serde_json::Value;

use super::Config;

/// The JSON schema of `release.yaml`, for editors.
#[must_use]
pub fn schema_json() -> Value {
    schemars::schema_for!(Config).to_value()
}

/// The documentation of one field (`build.groups.command`), or of everything below it; an empty path is the whole file.
///
/// Returns nothing when there is no such field.
#[must_use]
pub fn explain(path: &str) -> Option<String> {
    let schema = schema_json();
    let mut node = &schema;
    for name in path.split('.').filter(|name| !name.is_empty()) {
        node = field(&schema, node, name)?;
    }
    let mut out = String::new();
    if !path.is_empty() {
        writeln!(out, "{path}: {}", kind(&schema, node)).ok()?;
        if let Some(text) = description(&schema, node) {
            writeln!(out, "  {}", text.replace('\n', "\n  ")).ok()?;
        }
    }
    tree(&schema, node, if path.is_empty() { 0 } else { 1 }, &mut out)?;
    Some(out)
}

fn resolve<'a>(root: &'a Value, node: &'a Value) -> &'a Value {
    let mut node = node;
    // References do not nest deeper than this in a schema of ours.
    for _ in 0..8 {
        if let Some(name) = node.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/")) {
            node = &root["$defs"][name];
        } else if let Some(some) = node.get("anyOf").and_then(Value::as_array).and_then(|of| of.first()) {
            node = some;
        } else if let Some(items) = node.get("items") {
            node = items;
        } else {
            break;
        }
    }
    node
}

fn field<'a>(root: &'a Value, node: &'a Value, name: &str) -> Option<&'a Value> {
    resolve(root, node).get("properties")?.get(name)
}

fn description<'a>(root: &'a Value, node: &'a Value) -> Option<&'a str> {
    let own = node.get("description").and_then(Value::as_str);
    own.or_else(|| resolve(root, node).get("description").and_then(Value::as_str))
}

fn kind(root: &Value, node: &Value) -> String {
    let inner = resolve(root, node);
    let choices: Vec<&str> = inner
        .get("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .chain(inner.get("oneOf").and_then(Value::as_array).into_iter().flatten().filter_map(|one| one.get("const")))
        .filter_map(Value::as_str)
        .collect();
    let name = if !choices.is_empty() {
        choices.join(" | ")
    } else {
        match inner.get("type") {
            Some(Value::String(name)) if name == "object" && inner.get("properties").is_none() => "map of text".into(),
            Some(Value::String(name)) => name.replace("string", "text").replace("integer", "number"),
            Some(Value::Array(names)) => {
                let first = names.iter().filter_map(Value::as_str).find(|name| *name != "null");
                first.unwrap_or("value").replace("string", "text").replace("integer", "number")
            }
            _ => "value".to_owned(),
        }
    };
    if node.get("items").is_some() { format!("list of {name}") } else { name }
}

fn tree(root: &Value, node: &Value, depth: usize, out: &mut String) -> Option<()> {
    let inner = resolve(root, node);
    let Some(properties) = inner.get("properties").and_then(Value::as_object) else { return Some(()) };
    let required: Vec<&str> =
        inner.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let indent = "  ".repeat(depth);
    for (name, property) in properties {
        let needed = if required.contains(&name.as_str()) { ", required" } else { "" };
        writeln!(out, "{indent}{name}: {}{needed}", kind(root, property)).ok()?;
        if let Some(text) = description(root, property) {
            writeln!(out, "{indent}    {}", text.replace('\n', &format!("\n{indent}    "))).ok()?;
        }
        tree(root, property, depth + 1, out)?;
    }
    Some(())
}

/// A `release.yaml` to start from; `krel config init` writes it.
pub const STARTER: &str = r#"# What is released, and where it goes. `krel config explain` tells every field.
project:
  name: NAME
  title: NAME
  source: .                     # the git repository to build: a path or a URL
  default_branch: BRANCH

versions:
  policy: semver                # or kubernetes: alphas on the default branch, the rest on release branches
  first: v0.1.0
  bump: minor

build:
  timeout: 30m
  groups:
    - name: host
      platforms: [host]         # or linux/amd64, linux/arm64, darwin/arm64, windows/amd64, …
      command: make OUT={out} VERSION={version}
      artifacts:
        - path: NAME{exe}

tarballs:
  - name: NAME-{os}-{arch}.tar.gz
    files:
      - {from: "out/NAME{exe}", to: "NAME{exe}"}
  - name: NAME-src.tar.gz
    files:
      - {from: src/, to: "NAME-{version}"}

places:                         # a rehearsal uses the mock set, a real release the production set
  mock:
    bucket: file:.krel/mock/bucket
    git: .krel/mock/repository.git
    forge: file:.krel/mock/forge
    outbox: file:.krel/mock/outbox
  production:
    bucket: file:.krel/production/bucket
    git: .krel/production/repository.git
    forge: file:.krel/production/forge
    outbox: file:.krel/production/outbox

announce:
  from: Release Bot <release-bot@example.invalid>
  to:
    mock: [rehearsals@example.invalid]
    production: [announce@example.invalid]
"#;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Loaded;

    #[test]
    fn the_starter_passes_its_own_check() {
        let text = STARTER.replace("NAME", "demo").replace("BRANCH", "main");
        let loaded = Loaded::parse(&text, Path::new("release.yaml"), Path::new("/project")).unwrap();
        assert_eq!(loaded.config.build.groups.len(), 1);
    }

    #[test]
    fn every_field_is_explained() {
        let text = explain("").unwrap();
        for field in
            ["project: object, required", "policy: kubernetes | semver", "groups: list of object", "timeout: text"]
        {
            assert!(text.contains(field), "`{field}` is missing in\n{text}");
        }
        assert!(explain("build.groups.command").unwrap().contains("sh -c"));
        assert_eq!(explain("build.nothing"), None);
    }
}
