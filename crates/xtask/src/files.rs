//! What every package has, and how long a file may be.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::Package;

/// A file with more lines than this holds two ideas.
pub const LONGEST: usize = 600;

/// Everything that a package lacks, as sentences; empty when all is well.
///
/// # Errors
/// When a file cannot be read.
pub fn check(package: &Package) -> io::Result<Vec<String>> {
    let mut wrong = Vec::new();
    let name = &package.name;
    let manifest = fs::read_to_string(package.folder.join("Cargo.toml"))?;
    wrong.extend(check_manifest(name, &manifest));
    for binary in &package.documented_binaries {
        wrong.push(format!("`{name}`: binary `{binary}` needs `doc = false`"));
    }
    if package.library {
        let readme = fs::read_to_string(package.folder.join("README.md")).unwrap_or_default();
        let command = package.folder.iter().any(|part| part == "bins");
        wrong.extend(check_readme(name, &readme, if command { SHELL } else { RUST }));
        let front = fs::read_to_string(package.folder.join("src/lib.rs"))?;
        if !front.starts_with("#![doc = include_str!(\"../README.md\")]") {
            wrong.push(format!("`{name}`: `src/lib.rs` does not begin with its README as documentation"));
        }
    }
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        rust_files(&package.folder.join(folder), &mut files)?;
    }
    files.sort();
    for file in files {
        let lines = fs::read_to_string(&file)?.lines().count();
        if lines > LONGEST {
            let file = file.strip_prefix(&package.folder).unwrap_or(&file).display().to_string();
            wrong.push(format!("`{name}`: `{file}` has {lines} lines, more than {LONGEST}; does it hold two ideas?"));
        }
    }
    Ok(wrong)
}

fn check_manifest(name: &str, manifest: &str) -> Option<String> {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    let inherits = lines.by_ref().take_while(|line| !line.starts_with('[')).any(|line| line == "workspace = true");
    (!inherits).then(|| format!("`{name}` does not inherit the lints of the workspace"))
}

/// Code blocks that are the example of a library: compiled by `cargo test`.
const RUST: &[&str] = &["", "rust", "no_run", "should_panic"];
/// Code blocks that are the example of a command.
const SHELL: &[&str] = &["", "console", "sh", "bash"];

fn check_readme(name: &str, readme: &str, languages: &[&str]) -> Option<String> {
    if readme.is_empty() {
        return Some(format!("`{name}` has no README.md"));
    }
    // Every second fence closes a block.
    let mut opening = readme.lines().filter_map(|line| line.strip_prefix("```")).step_by(2);
    let example = opening.any(|tags| tags.split(',').all(|tag| languages.contains(&tag.trim())));
    (!example).then(|| format!("`{name}`: README.md has no example in one of: {}", languages.join(" ").trim()))
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests() {
        assert_eq!(check_manifest("a", "[package]\n[lints]\nworkspace = true\n[dependencies]\n"), None);
        for manifest in ["[package]\n", "[lints]\n[dependencies]\nworkspace = true\n", "[lints]\nrust.x = \"warn\"\n"] {
            assert!(check_manifest("a", manifest).is_some(), "{manifest}");
        }
    }

    #[test]
    fn readmes() {
        for (name, readme, languages, fine) in [
            ("rust", "# a\n```rust\nlet x = 1;\n```\n", RUST, true),
            ("no tag", "# a\n```\nlet x = 1;\n```\n", RUST, true),
            ("not run", "# a\n```rust,no_run\nlet x = 1;\n```\n", RUST, true),
            ("a command", "# a\n```console\n$ a\n```\n", SHELL, true),
            ("the second block", "```yaml\na: b\n```\n```\nlet x = 1;\n```\n", RUST, true),
            ("ignored", "# a\n```rust,ignore\nlet x = 1;\n```\n", RUST, false),
            ("another language", "# a\n```yaml\na: b\n```\n", RUST, false),
            ("a library with a command", "# a\n```console\n$ a\n```\n", RUST, false),
            ("words", "# a\n", RUST, false),
            ("no file", "", RUST, false),
        ] {
            assert_eq!(check_readme("a", readme, languages).is_none(), fine, "{name}");
        }
    }
}
