use super::go_mod::{lines, malformed};
use super::{Files, ManifestError, ManifestKind, ManifestProblem, PackageVersion, Packages};

/// Rust: `Cargo.lock`, formats 1 to 4. Packages without a source are the project's own and do not count; one with a git source
/// is at a commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CargoLock;

const CARGO_LOCK: &str = "Cargo.lock";

impl ManifestKind for CargoLock {
    fn name(&self) -> &str {
        "cargo"
    }

    fn files(&self) -> &[&str] {
        &[CARGO_LOCK]
    }

    fn parse(&self, files: &Files) -> Result<Packages, ManifestError> {
        let text = files.text(CARGO_LOCK)?.unwrap_or_default();
        parse(text).map_err(|problem| ManifestError { path: CARGO_LOCK.to_owned(), problem })
    }
}

/// Cargo writes the file itself, one key a line, so that a reader of lines is enough.
fn parse(text: &str) -> Result<Packages, ManifestProblem> {
    let mut packages = Packages::new();
    let mut package: Option<Package> = None;
    let (mut in_array, mut at_top) = (false, true);
    for line in lines(text) {
        let (at, line) = line?;
        let line = line.trim();
        match line {
            "" => {}
            "]" => in_array = false,
            _ if line.starts_with('#') || in_array => {}
            _ if line.starts_with('[') => {
                at_top = false;
                let next = (line == "[[package]]").then(|| Package::at(at));
                finish(std::mem::replace(&mut package, next), &mut packages)?;
            }
            _ => {
                let (key, value) = line.split_once('=').ok_or(malformed(at, "`key = value`"))?;
                let value = value.trim();
                in_array = value == "[";
                match (key.trim(), package.as_mut()) {
                    ("version", None) if at_top => check_format(value)?,
                    ("name", Some(package)) => package.name = Some(string(value, at)?),
                    ("version", Some(package)) => package.version = Some(string(value, at)?),
                    ("source", Some(package)) => package.source = Some(string(value, at)?),
                    _ => {}
                }
            }
        }
    }
    finish(package, &mut packages)?;
    Ok(packages)
}

fn check_format(value: &str) -> Result<(), ManifestProblem> {
    match value {
        "1" | "2" | "3" | "4" => Ok(()),
        _ => Err(ManifestProblem::UnknownFormat {
            version: value.chars().take(20).flat_map(char::escape_default).collect(),
        }),
    }
}

/// A string in quotation marks; TOML's escapes that Cargo writes are those of JSON.
fn string(value: &str, at: usize) -> Result<String, ManifestProblem> {
    serde_json::from_str(value).map_err(|_malformed| malformed(at, "a text in quotation marks"))
}

struct Package {
    at: usize,
    name: Option<String>,
    version: Option<String>,
    source: Option<String>,
}

impl Package {
    fn at(at: usize) -> Self {
        Self { at, name: None, version: None, source: None }
    }
}

fn finish(package: Option<Package>, packages: &mut Packages) -> Result<(), ManifestProblem> {
    let Some(Package { at, name, version, source }) = package else { return Ok(()) };
    let (Some(name), Some(version)) = (name, version) else {
        return Err(malformed(at, "a package with name and version"));
    };
    let Some(source) = source else { return Ok(()) };
    let mut version = PackageVersion::new(version);
    if let Some(address) = source.strip_prefix("git+") {
        let (address, commit) =
            address.split_once('#').map_or((address, None), |(address, commit)| (address, Some(commit)));
        version.commit = commit.map(str::to_owned);
        version.repository = github(address);
    }
    packages.insert(&name, version)
}

/// `github.com/owner/name` of a repository's address, whatever the scheme.
pub(super) fn github(address: &str) -> Option<String> {
    let address = address.split(['?', '#']).next()?;
    let path = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = path.rsplit_once('@').map_or(path, |(_, rest)| rest);
    let path = path.strip_prefix("github.com").and_then(|path| path.strip_prefix(['/', ':']))?;
    let (owner, name) = path.split_once('/')?;
    let name = name.trim_end_matches('/');
    let name = name.strip_suffix(".git").unwrap_or(name);
    (!owner.is_empty() && !name.is_empty() && !name.contains('/')).then(|| format!("github.com/{owner}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let packages = parse(text).unwrap();
        let all = packages.iter().flat_map(|(name, versions)| {
            versions.iter().map(move |v| {
                format!("{name} {} {}", v.version, v.display())
                    .replace(&format!(" {0} {0}", v.version), &format!(" {}", v.version))
            })
        });
        all.collect()
    }

    #[test]
    fn every_format() {
        let own = "[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n";
        let registry = |url: &str| format!("source = \"registry+{url}\"\n");
        let body = |head: &str, url: &str| {
            format!(
                "{head}{own}\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n{source}dependencies = [\n \"b 0.1.0\",\n \"b 0.2.0\",\n]\n\n\
                 [[package]]\nname = \"b\"\nversion = \"0.1.0\"\n{source}\n[[package]]\nname = \"b\"\nversion = \"0.2.0\"\n{source}",
                source = registry(url),
            )
        };
        let index = "https://example.invalid/index";
        let first = body("", index) + "\n[metadata]\n\"checksum a 1.0.0 (registry)\" = \"00\"\n";
        let with_root = first.replacen("[[package]]", "[root]", 1);
        let cases = [
            ("1 with root", with_root),
            ("1", first),
            ("2", body("# This file is generated.\n", index).replace("\n\n", "\nchecksum = \"00\"\n\n")),
            ("3", body("version = 3\n\n", index)),
            ("4", body("version = 4\n\n", index)),
            ("4 with CRLF", body("version = 4\n\n", index).replace('\n', "\r\n")),
        ];
        for (name, text) in cases {
            assert_eq!(read(&text), ["a 1.0.0", "b 0.1.0", "b 0.2.0"], "{name}");
        }
    }

    #[test]
    fn git_sources_are_at_a_commit() {
        let source = "git+https://github.com/o/r.git?rev=0123456#0123456789abcdef0123456789abcdef01234567";
        let text = format!("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n");
        assert_eq!(read(&text), ["a 1.0.0 0123456"]);
        let packages = parse(&text).unwrap();
        assert_eq!(packages.get("a").unwrap().first().unwrap().repository.as_deref(), Some("github.com/o/r"));
    }

    #[test]
    fn repositories() {
        let cases = [
            ("https://github.com/o/r", Some("github.com/o/r")),
            ("ssh://git@github.com/o/r.git", Some("github.com/o/r")),
            ("git@github.com:o/r.git", Some("github.com/o/r")),
            ("https://github.com/o/r/?branch=x", Some("github.com/o/r")),
            ("https://github.com/o", None),
            ("https://github.com.example.invalid/o/r", None),
            ("https://example.invalid/github.com/o/r", None),
        ];
        for (address, expected) in cases {
            assert_eq!(github(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn malformed_files_are_refused() {
        let cases = [
            ("version = 5", "version 5 of the format is not known"),
            ("[[package]]\nname = \"a\"", "line 1: expected a package with name and version"),
            ("[[package]]\nname = a", "line 2: expected a text in quotation marks"),
            ("[[package]]\nname", "line 2: expected `key = value`"),
            (
                "[[package]]\nname = \"a b\"\nversion = \"1\"\nsource = \"registry+x\"",
                "`a b` is not a name or version of a package",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
