use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::ChangelogError;
use crate::inline::{escape, link};
use crate::pull::page;

/// A file that can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DownloadFile {
    name: String,
    sha512: String,
}

impl DownloadFile {
    /// A file by its name, which may have folders, and the SHA-512 of its bytes as 128 lower-case hexadecimal digits.
    pub fn new(name: impl Into<String>, sha512: impl Into<String>) -> Result<Self, ChangelogError> {
        let (name, sha512) = (name.into(), sha512.into());
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let problem = if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            "name is not a path below a folder"
        } else if name.chars().any(char::is_control) {
            "name has control characters"
        } else if sha512.len() != 128 || !sha512.bytes().all(is_digit) {
            "SHA-512 is not 128 lower-case hexadecimal digits"
        } else {
            return Ok(Self { name, sha512 });
        };
        Err(ChangelogError::BadDownload { name, problem })
    }

    /// The files of a `SHA512SUMS` text: lines of the check sum, blanks (the last may be `*`), the name.
    pub fn from_sums(sums: &str) -> Result<Vec<Self>, ChangelogError> {
        let lines = sums.lines().filter(|line| !line.trim().is_empty());
        let file = |line: &str| {
            let (sum, name) = line.split_once(char::is_whitespace).unwrap_or(("", line));
            let name = name.trim_start();
            Self::new(name.strip_prefix('*').unwrap_or(name), sum)
        };
        lines.map(file).collect()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its SHA-512.
    pub fn sha512(&self) -> &str {
        &self.sha512
    }
}

/// Files under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadGroup {
    /// The heading: `Client Binaries`.
    pub heading: String,
    /// The files in the order of the table.
    pub files: Vec<DownloadFile>,
}

/// The download tables of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloads {
    /// Where the files are: a file's address is `<prefix>/<tag>/<name>`.
    pub prefix: Url,
    /// The groups in order; empty ones are not shown.
    pub groups: Vec<DownloadGroup>,
    /// The container images.
    pub images: Option<ImageTable>,
}

/// The registry whose changelogs have been published for years.
const KUBERNETES: &str = "registry.k8s.io";

/// The container images of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTable {
    /// What stands before an image's name: `registry.k8s.io`.
    pub registry: String,
    /// A page to look at images: the name is appended, for one architecture with `-<arch>`. Without it the table has no links.
    pub browse: Option<Url>,
    /// How to get an image for one architecture.
    pub arch_names: ArchNames,
    /// Names, each with its architectures.
    pub images: BTreeMap<String, BTreeSet<String>>,
}

/// How to get an image for one architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArchNames {
    /// By the manifest list, or by the name with `-<arch>`.
    #[default]
    Suffixed,
    /// By the manifest list only.
    ListOnly,
}

impl Downloads {
    /// No files yet.
    pub fn new(prefix: Url) -> Self {
        Self { prefix, groups: Vec::new(), images: None }
    }

    /// Sorts files into the four groups by name, for a `product` such as `kubernetes`: source code `kubernetes.tar.gz` and
    /// `kubernetes-src.tar.gz`, then client, server and node binaries `kubernetes-client*.tar.gz` and so on, each by name. Files
    /// with other names are not listed.
    pub fn by_name(prefix: Url, product: &str, files: impl IntoIterator<Item = DownloadFile>) -> Self {
        let sources = [format!("{product}.tar.gz"), format!("{product}-src.tar.gz")];
        let binaries = ["client", "server", "node"].map(|group| format!("{product}-{group}"));
        let mut found: [Vec<DownloadFile>; 4] = Default::default();
        for file in files {
            let is_of = |start: &String| file.name.starts_with(start) && file.name.ends_with(".tar.gz");
            if sources.contains(&file.name) {
                found[0].push(file);
            } else if let Some(at) = binaries.iter().position(is_of) {
                found[at + 1].push(file);
            }
        }
        let headings = ["Source Code", "Client Binaries", "Server Binaries", "Node Binaries"];
        let groups = headings.into_iter().zip(found).map(|(heading, mut files)| {
            files.sort();
            DownloadGroup { heading: heading.to_owned(), files }
        });
        let mut downloads = Self::new(prefix);
        downloads.groups = groups.collect();
        // By name the bare archive would come behind `-src`.
        downloads.groups[0].files.sort_by_key(|file| sources.iter().position(|name| *name == file.name));
        downloads
    }

    /// `## Downloads for <tag>` with a table per group, then the images; a blank line at the end. Empty when there is nothing to list.
    pub fn render(&self, tag: &str) -> String {
        self.block(tag, "")
    }

    /// As [`render`](Self::render), with the check sums as code, which is how `vX.Y.0` shows them.
    pub fn render_official(&self, tag: &str) -> String {
        self.block(tag, "`")
    }

    /// Where a file is.
    pub(crate) fn address(&self, tag: &str, file: &DownloadFile) -> String {
        let segments: Vec<&str> = std::iter::once(tag).chain(file.name.split('/')).collect();
        page(&self.prefix, &segments)
    }

    fn block(&self, tag: &str, quote: &str) -> String {
        let mut text = String::new();
        for group in self.groups.iter().filter(|group| !group.files.is_empty()) {
            text.push_str(&format!(
                "### {}\n\nfilename | sha512 hash\n-------- | -----------\n",
                escape(&group.heading)
            ));
            for file in &group.files {
                let DownloadFile { name, sha512 } = file;
                let address = self.address(tag, file);
                text.push_str(&format!("{} | {quote}{sha512}{quote}\n", link(name, &address)));
            }
            text.push('\n');
        }
        if let Some(images) = self.images.as_ref().filter(|table| !table.images.is_empty()) {
            images.push_onto(&mut text, tag);
        }
        if text.is_empty() { text } else { format!("## Downloads for {tag}\n\n{text}") }
    }
}

impl ImageTable {
    /// What an image is pulled by.
    pub(crate) fn reference(&self, image: &str, tag: &str) -> String {
        // Image tags know no `+`.
        format!("{}/{image}:{}", self.registry, tag.replace('+', "_"))
    }

    fn push_onto(&self, text: &mut String, tag: &str) {
        text.push_str(
            "### Container Images\n\nAll container images are available as manifest lists and support the described\n",
        );
        text.push_str(match self.arch_names {
            ArchNames::Suffixed => {
                "architectures. It is also possible to pull a specific architecture directly by\n\
                 adding the \"-$ARCH\" suffix"
            }
            ArchNames::ListOnly => "architectures.\n\n",
        });
        if self.arch_names == ArchNames::Suffixed {
            // The changelogs that Kubernetes has published have two spaces here; theirs stay as they are.
            text.push_str(if self.registry == KUBERNETES { "  " } else { " " });
            text.push_str("to the container image name.\n\n");
        }
        text.push_str("name | architectures\n---- | -------------\n");
        let linked = |label: &str, image: &str| match &self.browse {
            Some(browse) => link(label, &page(browse, &image.split('/').collect::<Vec<_>>())),
            None => escape(label),
        };
        for (image, archs) in &self.images {
            let archs: Vec<String> = archs.iter().map(|arch| linked(arch, &format!("{image}-{arch}"))).collect();
            let name = linked(&self.reference(image, tag), image);
            text.push_str(&format!("{name} | {}\n", archs.join(", ")));
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> DownloadFile {
        DownloadFile::new(name, "0".repeat(128)).unwrap()
    }

    #[test]
    fn files_are_grouped() {
        let names =
            ["p-test-x.tar.gz", "p-node-b.tar.gz", "p-src.tar.gz", "p.tar.gz", "p-node-a.tar.gz", "p-server-a.zip"];
        let downloads = Downloads::by_name("https://x.example".parse().unwrap(), "p", names.map(file));
        let shown = downloads.groups.iter().filter(|group| !group.files.is_empty());
        let shown: Vec<_> =
            shown.map(|group| (group.heading.as_str(), group.files.iter().map(|f| f.name()).collect())).collect();
        let expected: [(&str, Vec<&str>); 2] = [
            ("Source Code", vec!["p.tar.gz", "p-src.tar.gz"]),
            ("Node Binaries", vec!["p-node-a.tar.gz", "p-node-b.tar.gz"]),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn rows_cannot_be_broken() {
        let mut downloads = Downloads::new("https://x.example/a/".parse().unwrap());
        assert_eq!(downloads.render("v1.2.3"), "");
        let files = vec![file("bin/a|b](c) d.tgz")];
        downloads.groups = vec![DownloadGroup { heading: "Files".into(), files }];
        let sum = "0".repeat(128);
        assert_eq!(
            downloads.render_official("v1.2.3+b"),
            format!(
                "## Downloads for v1.2.3+b\n\n### Files\n\nfilename | sha512 hash\n-------- | -----------\n\
                 [bin/a\\|b\\](c) d.tgz](https://x.example/a/v1.2.3+b/bin/a%7Cb]%28c%29%20d.tgz) | `{sum}`\n\n"
            )
        );
    }

    #[test]
    fn images_without_pages() {
        let mut downloads = Downloads::new("https://x.example".parse().unwrap());
        let archs = ["arm64", "amd64"].map(str::to_owned).into();
        downloads.images = Some(ImageTable {
            registry: "r.example/p".into(),
            browse: None,
            arch_names: ArchNames::ListOnly,
            images: [("tool".to_owned(), archs)].into(),
        });
        let text = downloads.render("v1.2.3+b");
        assert!(text.ends_with("described\narchitectures.\n\nname | architectures\n---- | -------------\nr.example/p/tool:v1.2.3_b | amd64, arm64\n\n"), "{text}");
    }

    #[test]
    fn files_of_sums() {
        let zeros = "0".repeat(128);
        let files = DownloadFile::from_sums(&format!("{zeros}  bin/a b\n\n{zeros} *c\r\n")).unwrap();
        assert_eq!(files, [file("bin/a b"), file("c")]);
        let error = DownloadFile::from_sums(&format!("{zeros}  a\n{zeros}\n")).unwrap_err();
        assert!(matches!(&error, ChangelogError::BadDownload { name, .. } if *name == zeros), "{error:?}");
    }

    #[test]
    fn bad_files_are_refused() {
        let zeros = "0".repeat(128);
        for (name, sum) in [
            ("", zeros.as_str()),
            ("a/../b", &zeros),
            ("a\nb", &zeros),
            ("a", "00"),
            ("a", &"G".repeat(128)),
            ("a", &"A".repeat(128)),
        ] {
            let error = DownloadFile::new(name, sum).unwrap_err();
            assert!(matches!(error, ChangelogError::BadDownload { .. }), "{name} {sum}: {error:?}");
        }
    }
}
