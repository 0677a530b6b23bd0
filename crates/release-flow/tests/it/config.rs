use std::path::Path;

use release_flow::config::{Config, ConfigError, Loaded, explain, schema_json};
use serde_json::Value;

use crate::world::CONFIG;

fn parse(text: &str) -> Result<Loaded, ConfigError> {
    Loaded::parse(text, Path::new("release.yaml"), Path::new("/project"))
}

#[test]
fn every_broken_rule_is_named() {
    let kubernetes = |line: &str| CONFIG.replace("identity:", &format!("versions: {{{line}}}\nidentity:"));
    let with = |from: &str, to: &str| {
        assert!(CONFIG.contains(from), "{from}");
        CONFIG.replacen(from, to, 1)
    };
    let group = "    - name: hello\n      platforms: [linux/amd64]";
    let cases: Vec<(&str, String, &str, &str)> = vec![
        ("name", with("name: hello", "name: Hello"), "project.name", "`Hello`"),
        ("long name", with("name: hello", &format!("name: {}", "x".repeat(65))), "project.name", "lower-case"),
        ("empty name", with("name: hello", "name: ''"), "project.name", "``"),
        ("title", with("title: Hello", "title: ' '"), "project.title", "empty"),
        ("title of two lines", with("title: Hello", "title: \"a\\nb\""), "project.title", "control"),
        ("homepage", with("https://example.invalid", "ftp://example.invalid"), "project.homepage", "`ftp://"),
        ("user in homepage", with("https://example", "https://me:pw@example"), "project.homepage", "user name"),
        ("branch", with("branch: main", "branch: a..b"), "project.default_branch", "`a..b`"),
        ("branch like a flag", with("branch: main", "branch: --force"), "project.default_branch", "`--force`"),
        (
            "branch prefix",
            with("  default_branch", "  release_branch_prefix: 're lease'\n  default_branch"),
            "project.release_branch_prefix",
            "`re lease`",
        ),
        ("identity name", with("name: Release Bot", "name: 'A <b>'"), "identity.name", "`<`"),
        ("identity mail", with("email: release-bot@example.org", "email: ''"), "identity.email", "empty"),
        ("first", kubernetes("policy: kubernetes, first: v1.0.1-rc.0"), "versions.first", "`v1.0.1-rc.0`"),
        ("prefix", kubernetes("tag_prefix: api/"), "versions.tag_prefix", "policy: semver"),
        ("first version", kubernetes("policy: semver, first: '1.0'"), "versions.first", "`v`"),
        ("prefix without slash", kubernetes("policy: semver, tag_prefix: api"), "versions.tag_prefix", "`api`"),
        ("parallel", with("  timeout: 1m", "  parallel: 0"), "build.parallel", "at least 1"),
        ("group name", with(group, &group.replace("hello", "He llo")), "build.groups[0].name", "`He llo`"),
        ("platforms", with("[linux/amd64]", "[]"), "build.groups[0].platforms", "empty"),
        (
            "artifacts",
            with("      artifacts:\n        - {path: \"hello{exe}\", kind: file}", "      artifacts: []"),
            "build.groups[0].artifacts",
            "no build",
        ),
        (
            "command",
            with("command: printf '%s' '{version} {os}-{arch}' > {out}/hello{exe}", "command: ' '"),
            "build.groups[0].command",
            "empty",
        ),
        ("placeholder", with("{version} {os}", "{versoin} {os}"), "build.groups[0].command", "`{versoin}`"),
        ("variable", with("LEVEL:", "1LEVEL:"), "build.groups[0].env", "`1LEVEL`"),
        (
            "placeholder in a variable",
            with("LEVEL: \"1\"", "LEVEL: \"{leven}\""),
            "build.groups[0].env.LEVEL",
            "`{leven}`",
        ),
        (
            "artifact outside",
            with("path: \"hello{exe}\"", "path: ../hello"),
            "build.groups[0].artifacts[0].path",
            "`../hello`",
        ),
        (
            "absolute artifact",
            with("path: \"hello{exe}\"", "path: /hello"),
            "build.groups[0].artifacts[0].path",
            "`/hello`",
        ),
        (
            "{out} in an artifact",
            with("path: \"hello{exe}\"", "path: \"{out}/hello\""),
            "build.groups[0].artifacts[0].path",
            "`{out}`",
        ),
        ("publish", with("kind: file", "kind: file, publish: a//b"), "build.groups[0].artifacts[0].publish", "`a//b`"),
        ("tarball name", with("name: hello-src.tar.gz", "name: hello-src.zip"), "tarballs[1].name", "`.tar.gz`"),
        (
            "tarball in a folder",
            with("name: hello-src.tar.gz", "name: x/hello-src.tar.gz"),
            "tarballs[1].name",
            "file name",
        ),
        (
            "tarball twice",
            with("name: hello-{os}-{arch}.tar.gz", "name: hello-src.tar.gz"),
            "tarballs[1].name",
            "twice",
        ),
        ("half a platform", with("hello-{os}-{arch}.tar.gz", "hello-{os}.tar.gz"), "tarballs[0].name", "both or none"),
        (
            "tarball without files",
            with("    files:\n      - {from: src/, to: \"hello-{version}\"}", "    files: []"),
            "tarballs[1].files",
            "empty",
        ),
        (
            "platforms of one tarball",
            with("  - name: hello-src.tar.gz", "  - name: hello-src.tar.gz\n    platforms: [host]"),
            "tarballs[1].platforms",
            "`{os}`",
        ),
        ("from nowhere", with("from: src/", "from: lib/"), "tarballs[1].files[0].from", "`lib/`"),
        ("from outside", with("from: src/", "from: src/../.."), "tarballs[1].files[0].from", "inside"),
        (
            "result in a source tarball",
            with("from: src/", "from: out/hello"),
            "tarballs[1].files[0].from",
            "build result",
        ),
        ("to outside", with("to: \"hello-{version}\"", "to: ../x"), "tarballs[1].files[0].to", "`../x`"),
        ("empty place", with("file:mock/bucket", "''"), "places.mock.bucket", "empty"),
        ("one bucket for both", with("file:mock/bucket", "file:production/bucket"), "places.mock.bucket", "production"),
        (
            "by another spelling",
            with("file:mock/bucket", "file:///project/production/../production/bucket"),
            "places.mock.bucket",
            "production",
        ),
        (
            "one repository for both",
            with("git: mock/repository.git", "git: ./production//repository.git"),
            "places.mock.git",
            "production",
        ),
        (
            "repository as address",
            with("git: mock/repository.git", "git: file:///project/production/repository.git"),
            "places.mock.git",
            "production",
        ),
        ("one forge for both", with("file:mock/forge", "file:production/forge"), "places.mock.forge", "production"),
        ("one outbox for both", with("file:mock/outbox", "file:production/outbox"), "places.mock.outbox", "production"),
        ("recipients", with("production: [announce@example.org]", "production: []"), "announce.to.production", "empty"),
        ("recipient", with("[rehearsals@example.org]", "[rehearsals]"), "announce.to.mock", "`rehearsals`"),
        (
            "recipient with a line break",
            with("[rehearsals@example.org]", "[\"a@b\\nc\"]"),
            "announce.to.mock",
            "not a mail address",
        ),
        (
            "recipient of both",
            with("[rehearsals@example.org]", "[announce@example.org]"),
            "announce.to.mock",
            "production recipient",
        ),
        (
            "sender",
            with("from: Release Bot <release-bot@example.org>", "from: Release Bot"),
            "announce.from",
            "`Release Bot`",
        ),
    ];
    parse(CONFIG).unwrap();
    for (case, text, at, part) in cases {
        match parse(&text) {
            Err(ConfigError::Invalid { problems, .. }) => {
                let found = problems.iter().any(|problem| problem.at == at && problem.to_string().contains(part));
                assert!(found, "{case}: no problem at `{at}` with {part} in {problems:?}");
            }
            other => panic!("{case}: {other:?}"),
        }
    }
}

#[test]
fn two_groups_of_one_name() {
    let start = CONFIG.find("    - name: hello\n").unwrap();
    let end = CONFIG.find("tarballs:").unwrap();
    let text = format!("{}{}{}", &CONFIG[..end], &CONFIG[start..end], &CONFIG[end..]);
    let error = parse(&text).unwrap_err().to_string();
    assert!(error.contains("`build.groups[1].name` `hello` is taken by another group"), "{error}");
}

/// The shape is wrong: line and column, and what was expected.
#[test]
fn malformed_files_are_shown_where() {
    let with = |from: &str, to: &str| CONFIG.replacen(from, to, 1);
    let cases = [
        ("unknown field", with("title:", "titel:"), "line 3 column 3", "titel"),
        ("unknown section", format!("{CONFIG}extra: 1\n"), "line 42 column 1", "extra"),
        (
            "missing field",
            with("  from: Release Bot <release-bot@example.org>\n", ""),
            "line 38",
            "missing field `from`",
        ),
        ("wrong type", with("[linux/amd64]", "linux/amd64"), "line 15", "sequence"),
        ("unknown platform", with("linux/amd64", "linux/vax"), "line 15", "`linux/vax`"),
        ("unknown policy", with("identity:", "versions: {policy: calver}\nidentity:"), "line 7", "calver"),
        ("span of time", with("timeout: 1m", "timeout: soon"), "line 11", "`soon`"),
        ("no time at all", with("timeout: 1m", "timeout: 0s"), "line 11", "`0s`"),
        ("a key twice", with("  title: Hello", "  title: Hello\n  title: Hello"), "line 4", "title"),
        ("nothing", String::new(), "line 1", "unexpected end of input"),
        ("a list", "- a\n".to_owned(), "line 1", ""),
        ("not YAML", with("project:", "project: ]"), "line 1", ""),
    ];
    for (case, text, place, part) in cases {
        match parse(&text) {
            Err(ConfigError::Malformed { message, .. }) => {
                assert!(message.contains(place) && message.contains(part), "{case}: {message}");
            }
            other => panic!("{case}: {other:?}"),
        }
    }
}

#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("release.yaml");
    assert!(matches!(Loaded::read(&path), Err(ConfigError::Missing { .. })));
    assert!(matches!(Loaded::read(folder.path()), Err(ConfigError::Read { .. })));
    std::fs::write(&path, [b'#'; (1 << 20) + 1]).unwrap();
    assert!(matches!(Loaded::read(&path), Err(ConfigError::TooLarge { bytes: 1_048_577, .. })));
    std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    assert!(matches!(Loaded::read(&path), Err(ConfigError::Read { .. })));
    std::fs::write(&path, CONFIG).unwrap();
    assert_eq!(Loaded::read(&path).unwrap().folder, folder.path());
}

#[test]
fn what_is_written_reads_the_same() {
    let config = parse(CONFIG).unwrap().config;
    let again = parse(&config.to_yaml().unwrap()).unwrap().config;
    assert_eq!(again, config);
}

/// Every field that a configuration can have is in the schema, with words.
#[test]
fn the_schema_knows_every_field() {
    fn walk(value: &Value, path: &str, missing: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    // The names of variables are the project's own.
                    if path == "build.env" || path == "build.groups.env" {
                        continue;
                    }
                    match explain(&path) {
                        Some(text) if text.lines().count() > 1 || text.contains(": ") => walk(value, &path, missing),
                        _ => missing.push(path),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, path, missing)),
            _ => {}
        }
    }
    let config: Config = parse(CONFIG).unwrap().config;
    let mut missing = Vec::new();
    walk(&serde_json::to_value(&config).unwrap(), "", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(schema_json()["additionalProperties"], Value::Bool(false));
    for path in ["nothing", "project.nothing", "project.name.more", "build..command", "a.b.c.d"] {
        assert_eq!(explain(path).is_some(), path == "build..command" && explain(path).is_some(), "{path}");
    }
    assert!(explain("places.mock.bucket").unwrap().contains("memory:NAME"));
}
