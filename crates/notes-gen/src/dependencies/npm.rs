use std::collections::BTreeMap;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use super::cargo::github;
use super::{Files, ManifestError, ManifestKind, ManifestProblem, PackageVersion, Packages};

/// JavaScript: `package-lock.json`, formats 1 to 3, with `npm-shrinkwrap.json` (the same format) before it where both exist.
/// Workspaces and linked folders are the project's own and do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NpmLock;

const LOCK: &str = "package-lock.json";
const SHRINKWRAP: &str = "npm-shrinkwrap.json";

impl ManifestKind for NpmLock {
    fn name(&self) -> &str {
        "npm"
    }

    fn files(&self) -> &[&str] {
        &[LOCK, SHRINKWRAP]
    }

    fn parse(&self, files: &Files) -> Result<Packages, ManifestError> {
        for name in [SHRINKWRAP, LOCK] {
            if let Some(text) = files.text(name)? {
                return parse(text).map_err(|problem| ManifestError { path: name.to_owned(), problem });
            }
        }
        Ok(Packages::new())
    }
}

/// Fields that are not read are skipped, not kept: what a stranger's file may cost is bounded by its size.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    lockfile_version: Option<u64>,
    /// Formats 2 and 3: by folder.
    packages: Option<BTreeMap<String, Installed>>,
    /// Format 1 (and 2, for old readers): by name, nested.
    dependencies: Option<BTreeMap<String, Nested>>,
}

#[derive(Deserialize)]
struct Installed {
    /// An alias is installed in a folder of another name than the package has.
    name: Option<String>,
    version: Option<String>,
    #[serde(default, deserialize_with = "text_or_nothing")]
    resolved: Option<String>,
    #[serde(default)]
    link: bool,
}

#[derive(Deserialize)]
struct Nested {
    version: Option<String>,
    #[serde(default, deserialize_with = "text_or_nothing")]
    resolved: Option<String>,
    dependencies: Option<BTreeMap<String, Nested>>,
}

/// Bundled packages are resolved to `false`.
fn text_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct TextOrNothing;
    impl Visitor<'_> for TextOrNothing {
        type Value = Option<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a text or `false`")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(TextOrNothing)
}

fn parse(text: &str) -> Result<Packages, ManifestProblem> {
    let lock: Lock = serde_json::from_str(text).map_err(|error| ManifestProblem::Json {
        line: error.line(),
        column: error.column(),
        message: error.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
    })?;
    if let Some(version) = lock.lockfile_version.filter(|version| !(1..=3).contains(version)) {
        return Err(ManifestProblem::UnknownFormat { version: version.to_string() });
    }
    let mut packages = Packages::new();
    if let Some(by_folder) = &lock.packages {
        for (folder, package) in by_folder.iter().filter(|(_, package)| !package.link) {
            if let Some((_, installed)) = folder.rsplit_once("node_modules/") {
                let name = package.name.as_deref().unwrap_or(installed);
                insert(&mut packages, name, package.version.as_deref(), package.resolved.as_deref())?;
            }
        }
        return Ok(packages);
    }
    let mut open: Vec<&BTreeMap<String, Nested>> = lock.dependencies.iter().collect();
    while let Some(dependencies) = open.pop() {
        for (name, package) in dependencies {
            insert(&mut packages, name, package.version.as_deref(), package.resolved.as_deref())?;
            open.extend(&package.dependencies);
        }
    }
    Ok(packages)
}

fn insert(
    packages: &mut Packages,
    name: &str,
    version: Option<&str>,
    resolved: Option<&str>,
) -> Result<(), ManifestProblem> {
    let Some(version) = version.filter(|version| !version.starts_with("file:")) else { return Ok(()) };
    // Format 1 writes an alias and an address where the version belongs.
    let alias = version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'));
    let (name, version) = alias.unwrap_or((name, version));
    let is_address = version.contains([':', '/']);
    let address = if is_address { Some(version) } else { resolved };
    let git = address.filter(|address| address.starts_with("git")).and_then(|address| address.split_once('#'));
    let mut found = PackageVersion::new(version);
    if let Some((address, commit)) = git {
        found.commit = Some(commit.to_owned());
        found.repository = match address.strip_prefix("github:") {
            Some(path) => github(&format!("github.com/{path}")),
            None => github(address),
        };
        if is_address {
            found.version = commit.to_owned();
        }
    } else if is_address {
        // A tarball from an address: its name is all that tells versions apart.
        let file = version.split(['?', '#']).next().unwrap_or_default();
        found.version = file.rsplit('/').next().unwrap_or_default().to_owned();
    }
    packages.insert(name, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let packages = parse(text).unwrap();
        let all = packages
            .iter()
            .flat_map(|(name, versions)| versions.iter().map(move |v| format!("{name} {}", v.display())));
        all.collect()
    }

    const FIRST: &str = r#"{
        "name": "own", "version": "1.0.0", "lockfileVersion": 1, "requires": true,
        "dependencies": {
            "a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}, "@s/c": {"version": "3.0.0", "dev": true}}},
            "b": {"version": "1.0.0", "resolved": "https://example.invalid/b-1.0.0.tgz"},
            "local": {"version": "file:../local"},
            "alias": {"version": "npm:@s/real@4.0.0"},
            "g": {"version": "git+ssh://git@github.com/o/g.git#0123456789abcdef0123456789abcdef01234567", "from": "x"},
            "h": {"version": "github:o/h#0123456789abcdef0123456789abcdef01234567"},
            "t": {"version": "https://example.invalid/t-5.0.0.tgz"}
        }
    }"#;
    const THIRD: &str = r#"{
        "name": "own", "version": "1.0.0", "lockfileVersion": 3,
        "packages": {
            "": {"name": "own", "version": "1.0.0"},
            "member": {"version": "1.0.0"},
            "node_modules/member": {"resolved": "member", "link": true},
            "node_modules/a": {"version": "1.0.0"},
            "node_modules/a/node_modules/b": {"version": "2.0.0"},
            "node_modules/a/node_modules/@s/c": {"version": "3.0.0", "dev": true},
            "node_modules/b": {"version": "1.0.0", "resolved": false},
            "node_modules/alias": {"name": "@s/real", "version": "4.0.0"},
            "node_modules/g": {"version": "1.1.1", "resolved": "git+ssh://git@github.com/o/g.git#0123456789abcdef0123456789abcdef01234567"}
        }
    }"#;

    #[test]
    fn every_format() {
        let both = ["@s/c 3.0.0", "@s/real 4.0.0", "a 1.0.0", "b 1.0.0", "b 2.0.0", "g 0123456"];
        let first: Vec<&str> = both.iter().copied().chain(["h 0123456", "t t-5.0.0.tgz"]).collect();
        assert_eq!(read(FIRST), first);
        assert_eq!(read(THIRD), both);
        assert_eq!(read(&THIRD.replace("\": 3,", "\": 2, \"dependencies\": {\"z\": {\"version\": \"1.0.0\"}},")), both);
        assert_eq!(read("{}"), Vec::<String>::new());
    }

    #[test]
    fn malformed_files_are_refused() {
        let deep = format!("{}{}", "{\"dependencies\":".repeat(5000), "}".repeat(5000));
        let cases = [
            ("{\"lockfileVersion\": 4}", "version 4 of the format is not known"),
            ("{\"lockfileVersion\": \"x\"}", "line 1, column 23: invalid type"),
            (
                "{\"packages\": {\"a\": {\"resolved\": []}}}",
                "line 1, column 34: invalid type: sequence, expected a text or `false`",
            ),
            ("[", "line 1, column 1"),
            ("{\"packages\": []}", "line 1, column"),
            (&deep, "line 1, column"),
            ("{\"dependencies\": {\"a b\": {\"version\": \"1\"}}}", "`a b` is not a name or version of a package"),
            ("{\"dependencies\": {\"a\": {\"version\": \"<b>\"}}}", "`<b>` is not a name or version of a package"),
        ];
        for (text, expected) in cases {
            let found = parse(text).unwrap_err().to_string();
            assert!(found.starts_with(expected), "{found}");
        }
    }
}
