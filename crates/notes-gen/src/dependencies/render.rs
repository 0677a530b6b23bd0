use super::{DependencyReport, ManifestChanges, PackageVersion};

/// The level of the report's own heading, 1 to 4; two more levels may stand below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadingLevel(u8);

impl HeadingLevel {
    /// A level of 1 to 4.
    pub fn new(level: u8) -> Option<Self> {
        (1..=4).contains(&level).then_some(Self(level))
    }

    fn marks(self, deeper: usize) -> String {
        "#".repeat(usize::from(self.0) + deeper)
    }
}

impl Default for HeadingLevel {
    fn default() -> Self {
        Self(2)
    }
}

/// Which links the versions get. Only repositories on github.com are linked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepositoryLinks {
    /// To the repository, with the tags of modules in folders: `…/sys/tree/mount/v0.3.3` for `github.com/moby/sys/mount`.
    #[default]
    Repository,
    /// The module's path as it stands, as the original wrote until 2022: `…/image/v5/tree/v5.10.1`, which leads nowhere when the
    /// path has more than two parts.
    ModulePath,
    /// None.
    Without,
}

/// How the three lists are introduced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SectionStyle {
    /// By a heading.
    #[default]
    Headings,
    /// Folded away: `<details><summary>Added</summary>`.
    Details,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderOptions {
    /// Level of the heading.
    pub level: HeadingLevel,
    /// Links of the versions.
    pub links: RepositoryLinks,
    /// How the lists are introduced.
    pub sections: SectionStyle,
}

/// The report as Markdown, with a newline at the end: `## Dependencies`, then what was added, changed and removed.
///
/// With one manifest it is the layout of the original. With several, those in which something changed follow each other, each
/// below a heading with its path. Lines are sorted by their bytes, as the original does, so `a/v3: …` stands before `a: …`.
pub fn render_dependencies(report: &DependencyReport, options: &RenderOptions) -> String {
    let mut text = format!("{} Dependencies\n", options.level.marks(0));
    let changed: Vec<&ManifestChanges> = report.manifests.iter().filter(|manifest| !manifest.is_empty()).collect();
    match (report.manifests.as_slice(), changed.as_slice()) {
        ([one], _) => sections(&mut text, one, options, 1),
        (_, []) => sections(&mut text, &ManifestChanges::default(), options, 1),
        (_, several) => {
            for manifest in several {
                text.push_str(&format!("\n{} {}\n", options.level.marks(1), code_span(&manifest.path)));
                sections(&mut text, manifest, options, 2);
            }
        }
    }
    text
}

fn sections(text: &mut String, changes: &ManifestChanges, options: &RenderOptions, deeper: usize) {
    let single = |dependency: &super::Dependency| {
        let version = &dependency.version;
        let target = link(options.links, version, |at, tag| format!("https://{at}/tree/{}", tag(version)));
        item(&dependency.name, version.display(), target)
    };
    let double = |change: &super::Change| {
        let (from, to) = (&change.from, &change.to);
        // Nothing compares a repository with its fork, or a registry's version with a commit.
        let links = if from.repository == to.repository { options.links } else { RepositoryLinks::Without };
        let target = link(links, to, |at, tag| format!("https://{at}/compare/{}...{}", tag(from), tag(to)));
        item(&change.name, &format!("{} → {}", from.display(), to.display()), target)
    };
    let lists: [(&str, Vec<String>); 3] = [
        ("Added", changes.added.iter().map(single).collect()),
        ("Changed", changes.changed.iter().map(double).collect()),
        ("Removed", changes.removed.iter().map(single).collect()),
    ];
    for (title, mut lines) in lists {
        lines.sort();
        let list = if lines.is_empty() { "_Nothing has changed._\n".to_owned() } else { lines.concat() };
        match options.sections {
            SectionStyle::Headings => text.push_str(&format!("\n{} {title}\n{list}", options.level.marks(deeper))),
            SectionStyle::Details => {
                text.push_str(&format!("\n<details><summary>{title}</summary>\n\n{list}\n</details>\n"));
            }
        }
    }
}

fn item(name: &str, versions: &str, target: Option<String>) -> String {
    match target {
        Some(target) => format!("- {name}: [{versions}]({target})\n"),
        None => format!("- {name}: {versions}\n"),
    }
}

/// The address of a version's repository goes through `write`, with the function that makes the name of a tag or commit.
fn link(
    links: RepositoryLinks,
    version: &PackageVersion,
    write: impl Fn(&str, &dyn Fn(&PackageVersion) -> String) -> String,
) -> Option<String> {
    let path = version.repository.as_deref().filter(|path| path.starts_with("github.com/"))?;
    let bare = |version: &PackageVersion| {
        let display = version.display();
        display.strip_suffix("+incompatible").unwrap_or(display).to_owned()
    };
    match links {
        RepositoryLinks::Without => None,
        RepositoryLinks::ModulePath => Some(write(path, &bare)),
        RepositoryLinks::Repository => {
            let (repository, folder) = match path.match_indices('/').nth(2) {
                Some((at, _)) => (&path[..at], tag_folder(&path[at + 1..])),
                None => (path, ""),
            };
            let tag = |version: &PackageVersion| match version.commit {
                None if !folder.is_empty() => format!("{folder}/{}", bare(version)),
                _ => bare(version),
            };
            Some(write(repository, &tag))
        }
    }
}

/// The folder that begins the tags of a module: without the major version, which is part of the path but not of the tag.
fn tag_folder(folder: &str) -> &str {
    let is_major = |part: &str| {
        part.strip_prefix('v').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    match folder.rsplit_once('/') {
        Some((before, last)) if is_major(last) => before,
        None if is_major(folder) => "",
        _ => folder,
    }
}

fn code_span(path: &str) -> String {
    let clean: String = path.chars().filter(|c| !c.is_control() && *c != '`').collect();
    format!("`{clean}`")
}

#[cfg(test)]
mod tests {
    use super::super::{Change, Dependency};
    use super::*;

    fn version(version: &str, commit: Option<&str>, repository: &str) -> PackageVersion {
        let repository = (!repository.is_empty()).then(|| repository.to_owned());
        PackageVersion { version: version.into(), commit: commit.map(str::to_owned), repository }
    }

    #[test]
    fn links_of_versions() {
        let commit = Some("0123456789ab");
        let cases = [
            ("plain", version("v1.0.0", None, "github.com/o/r"), "https://github.com/o/r/tree/v1.0.0"),
            (
                "incompatible",
                version("v2.0.0+incompatible", None, "github.com/o/r"),
                "https://github.com/o/r/tree/v2.0.0",
            ),
            ("major", version("v5.1.0", None, "github.com/o/r/v5"), "https://github.com/o/r/tree/v5.1.0"),
            ("folder", version("v0.1.0", None, "github.com/o/r/a/b"), "https://github.com/o/r/tree/a/b/v0.1.0"),
            (
                "folder and major",
                version("v2.1.0", None, "github.com/o/r/a/v2"),
                "https://github.com/o/r/tree/a/v2.1.0",
            ),
            (
                "folder that is called vx",
                version("v1.0.0", None, "github.com/o/r/vx"),
                "https://github.com/o/r/tree/vx/v1.0.0",
            ),
            (
                "commit in a folder",
                version("v0.0.0-x", commit, "github.com/o/r/a"),
                "https://github.com/o/r/tree/0123456",
            ),
            ("other host", version("v1.0.0", None, "example.invalid/o/r"), ""),
            ("none", version("v1.0.0", None, ""), ""),
        ];
        for (name, version, expected) in cases {
            let changes = ManifestChanges {
                added: vec![Dependency { name: "n".into(), version: version.clone() }],
                ..ManifestChanges::default()
            };
            let text = render_dependencies(&DependencyReport { manifests: vec![changes] }, &RenderOptions::default());
            let display = version.display();
            let line = if expected.is_empty() {
                format!("- n: {display}\n")
            } else {
                format!("- n: [{display}]({expected})\n")
            };
            assert!(text.contains(&line), "{name}: {text}");
        }
    }

    #[test]
    fn a_fork_is_not_compared() {
        let (from, to) = (version("1.0.0", None, ""), version("1.0.0", Some("0123456789ab"), "github.com/o/r"));
        let changes =
            ManifestChanges { changed: vec![Change { name: "n".into(), from, to }], ..ManifestChanges::default() };
        let text = render_dependencies(&DependencyReport { manifests: vec![changes] }, &RenderOptions::default());
        assert!(text.contains("- n: 1.0.0 → 0123456\n"), "{text}");
    }

    #[test]
    fn levels() {
        assert!([0, 5, 255].into_iter().all(|level| HeadingLevel::new(level).is_none()));
        assert_eq!(HeadingLevel::new(4).map(|level| level.marks(2)).as_deref(), Some("######"));
    }
}
