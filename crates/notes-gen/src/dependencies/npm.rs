use serde::Deserialize;
use serde_json::Value;

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    #[serde(default)]
    lockfile_version: Option<Value>,
    /// Formats 2 and 3: by folder.
    #[serde(default)]
    packages: Option<serde_json::Map<String, Value>>,
    /// Format 1 (and 2, for old readers): by name, nested.
    #[serde(default)]
    dependencies: Option<serde_json::Map<String, Value>>,
}

fn parse(text: &str) -> Result<Packages, ManifestProblem> {
    let lock: Lock = serde_json::from_str(text).map_err(|error| ManifestProblem::Json {
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })?;
    match &lock.lockfile_version {
        None => {}
        Some(version) if matches!(version.as_u64(), Some(1..=3)) => {}
        Some(version) => {
            return Err(ManifestProblem::UnknownFormat { version: version.to_string().chars().take(20).collect() });
        }
    }
    let mut packages = Packages::new();
    if let Some(by_folder) = &lock.packages {
        for (folder, package) in by_folder {
            if let Some((_, installed)) = folder.rsplit_once("node_modules/") {
                // An alias is installed in a folder of another name than the package has.
                let name = package.get("name").and_then(Value::as_str).unwrap_or(installed);
                insert(&mut packages, name, package)?;
            }
        }
        return Ok(packages);
    }
    let mut open: Vec<&serde_json::Map<String, Value>> = lock.dependencies.iter().collect();
    while let Some(dependencies) = open.pop() {
        for (name, package) in dependencies {
            insert(&mut packages, name, package)?;
            open.extend(package.get("dependencies").and_then(Value::as_object));
        }
    }
    Ok(packages)
}

fn insert(packages: &mut Packages, name: &str, package: &Value) -> Result<(), ManifestProblem> {
    let text = |key| package.get(key).and_then(Value::as_str);
    let is_linked = package.get("link").and_then(Value::as_bool).unwrap_or(false);
    let Some(version) = text("version").filter(|version| !is_linked && !version.starts_with("file:")) else {
        return Ok(());
    };
    // Format 1 writes an alias and an address where the version belongs.
    let (name, version) = match version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@')) {
        Some((name, version)) => (name, version),
        None => (name, version),
    };
    let address = if version.contains([':', '/']) { Some(version) } else { text("resolved") };
    let git = address
        .filter(|address| address.starts_with("git") || address.ends_with(".git"))
        .and_then(|a| a.split_once('#'));
    let mut found = PackageVersion::new(version);
    if let Some((address, commit)) = git {
        found.commit = Some(commit.to_owned());
        found.repository =
            github(address).or_else(|| address.strip_prefix("github:").map(|path| format!("github.com/{path}")));
        if version.contains([':', '/']) {
            found.version = commit.to_owned();
        }
    } else if version.contains(':') {
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
            "node_modules/b": {"version": "1.0.0"},
            "node_modules/alias": {"name": "@s/real", "version": "4.0.0"},
            "node_modules/g": {"version": "1.1.1", "resolved": "git+ssh://git@github.com/o/g.git#0123456789abcdef0123456789abcdef01234567"}
        }
    }"#;

    #[test]
    fn every_format() {
        let both = ["@s/c 3.0.0", "@s/real 4.0.0", "a 1.0.0", "b 1.0.0", "b 2.0.0", "g 0123456"];
        let first: Vec<&str> = both.iter().copied().chain(["t t-5.0.0.tgz"]).collect();
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
            ("{\"lockfileVersion\": \"x\"}", "version \"x\" of the format is not known"),
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
