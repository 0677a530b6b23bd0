//! Rules that a `release.yaml` keeps beyond its shape.

use std::{collections::BTreeSet, fmt, path::Path};

use registry_client::{ImageReference, RepositoryName};

use super::{ArtifactKind, Config, ContainerConfig, PolicyName, placeholders};
use crate::places::Places;

/// One broken rule, at a path such as `build.groups[0].command`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.at, self.message)
    }
}

/// Placeholders of commands.
const COMMAND: &[&str] = &["os", "arch", "exe", "version", "commit", "out", "project"];
/// Placeholders of paths and names.
const NAME: &[&str] = &["os", "arch", "exe", "version", "project"];

pub(super) fn check(config: &Config, folder: &Path) -> Vec<Problem> {
    let mut checker = Checker(Vec::new());
    checker.project(config);
    checker.versions(config);
    checker.build(config);
    checker.tarballs(config);
    checker.changelog(config);
    checker.images(config);
    checker.places(config, folder);
    checker.announce(config);
    checker.0
}

struct Checker(Vec<Problem>);

impl Checker {
    fn add(&mut self, at: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { at: at.into(), message: message.into() });
    }

    fn require(&mut self, fine: bool, at: impl Into<String>, message: impl FnOnce() -> String) {
        if !fine {
            self.add(at, message());
        }
    }

    fn known(&mut self, at: &str, template: &str, known: &[&str]) {
        for name in placeholders(template) {
            self.require(known.contains(&name), at, || {
                format!("has `{{{name}}}`, which means nothing here; known are {}", braces(known))
            });
        }
    }

    fn project(&mut self, config: &Config) {
        let name = &config.project.name;
        self.require(is_slug(name), "project.name", || {
            format!("is `{name}`; expected lower-case letters, digits, `-`, `.`, `_`, beginning with a letter or digit")
        });
        let branch = &config.project.default_branch;
        self.require(is_ref(branch), "project.default_branch", || format!("is `{branch}`, not a branch name"));
        let prefix = &config.project.release_branch_prefix;
        self.require(is_ref(prefix), "project.release_branch_prefix", || {
            format!("is `{prefix}`; expected what branch names begin with, such as `release-`")
        });
        if let Some(homepage) = &config.project.homepage {
            self.require(is_web(homepage), "project.homepage", || {
                format!("is `{homepage}`; expected an https:// address without user name")
            });
        }
        if config.project.title.as_ref().is_some_and(|title| title.trim().is_empty() || has_control(title)) {
            self.add("project.title", "is empty or holds control characters");
        }
        let identity = &config.identity;
        let bad = |text: &str| text.trim().is_empty() || has_control(text) || text.contains(['<', '>']);
        self.require(!bad(&identity.name), "identity.name", || "is empty or holds `<`, `>` or a line break".into());
        self.require(!bad(&identity.email), "identity.email", || "is empty or holds `<`, `>` or a line break".into());
    }

    fn versions(&mut self, config: &Config) {
        let versions = &config.versions;
        if versions.policy == PolicyName::Kubernetes {
            self.require(versions.tag_prefix.is_empty(), "versions.tag_prefix", || {
                "only goes with `policy: semver`".into()
            });
        }
        match versions.first.as_ref().map(|first| first.parse::<release_version::ReleaseVersion>()) {
            Some(Err(error)) => self.add("versions.first", format!("is not a release version: {error}")),
            // What is cut on the default branch leads to X.Y.0.
            Some(Ok(first)) if versions.policy == PolicyName::Kubernetes && first.patch() != 0 => {
                self.add(
                    "versions.first",
                    format!("is `{first}`; with `policy: kubernetes` it is a vX.Y.0 or a pre-release of one"),
                );
            }
            _ => {}
        }
        let prefix = &versions.tag_prefix;
        self.require(
            prefix.is_empty() || (prefix.ends_with('/') && is_ref(prefix.trim_end_matches('/'))),
            "versions.tag_prefix",
            || format!("is `{prefix}`; expected a path with `/` at its end, such as `api/`"),
        );
    }

    fn build(&mut self, config: &Config) {
        let build = &config.build;
        self.require(build.parallel != Some(0), "build.parallel", || "is 0; expected at least 1".into());
        let mut names = BTreeSet::new();
        for (index, group) in build.groups.iter().enumerate() {
            let at = format!("build.groups[{index}]");
            self.require(is_slug(&group.name), format!("{at}.name"), || {
                format!("is `{}`; expected lower-case letters, digits, `-`, `_`", group.name)
            });
            self.require(names.insert(&group.name), format!("{at}.name"), || {
                format!("`{}` is taken by another group", group.name)
            });
            self.require(!group.platforms.is_empty(), format!("{at}.platforms"), || "is empty".into());
            self.require(!group.artifacts.is_empty(), format!("{at}.artifacts"), || {
                "is empty; a build without a result is no build".into()
            });
            self.require(!group.command.trim().is_empty(), format!("{at}.command"), || "is empty".into());
            self.known(&format!("{at}.command"), &group.command, COMMAND);
            for (key, value) in build.env.iter().chain(&group.env) {
                self.require(is_variable(key), format!("{at}.env"), || {
                    format!("has `{key}`, not a name of an environment variable")
                });
                self.known(&format!("{at}.env.{key}"), value, COMMAND);
            }
            if let Some(container) = &group.container {
                self.container(&format!("{at}.container"), container);
            }
            for (number, artifact) in group.artifacts.iter().enumerate() {
                let at = format!("{at}.artifacts[{number}]");
                self.path(&format!("{at}.path"), &artifact.path);
                self.known(&format!("{at}.path"), &artifact.path, NAME);
                if let Some(publish) = &artifact.publish {
                    self.require(artifact.kind != ArtifactKind::Part, format!("{at}.publish"), || {
                        "does not go with `kind: part`, which is not published".into()
                    });
                    self.path(&format!("{at}.publish"), publish);
                    self.known(&format!("{at}.publish"), publish, NAME);
                }
            }
        }
    }

    fn container(&mut self, at: &str, container: &ContainerConfig) {
        let image = &container.image;
        let reference = image.parse::<ImageReference>();
        self.require(reference.is_ok(), format!("{at}.image"), || {
            format!("is `{image}`; expected an image such as `registry.example/tools/cross:v1`")
        });
        if let Some(file) = &container.tag_file {
            self.path(&format!("{at}.tag_file"), file);
            let bare = reference.is_ok_and(|found| found.tag().is_none() && found.digest().is_none());
            self.require(bare, format!("{at}.image"), || {
                format!("is `{image}`; with `tag_file` it is given without tag and digest")
            });
        }
    }

    fn tarballs(&mut self, config: &Config) {
        let mut names = BTreeSet::new();
        for (index, tarball) in config.tarballs.iter().enumerate() {
            let at = format!("tarballs[{index}]");
            self.require(
                tarball.name.ends_with(".tar.gz") && !tarball.name.contains('/'),
                format!("{at}.name"),
                || format!("is `{}`; expected a file name ending in `.tar.gz`", tarball.name),
            );
            self.require(names.insert(&tarball.name), format!("{at}.name"), || {
                format!("`{}` is made twice", tarball.name)
            });
            self.known(&format!("{at}.name"), &tarball.name, NAME);
            let used = placeholders(&tarball.name);
            let per_platform = used.contains(&"os") && used.contains(&"arch");
            self.require(
                per_platform || !(used.contains(&"os") || used.contains(&"arch")),
                format!("{at}.name"),
                || "has one of `{os}` and `{arch}`; expected both or none".into(),
            );
            self.require(per_platform || tarball.platforms.is_empty(), format!("{at}.platforms"), || {
                "only goes with `{os}` and `{arch}` in the name".into()
            });
            self.require(!tarball.files.is_empty(), format!("{at}.files"), || "is empty".into());
            for (number, file) in tarball.files.iter().enumerate() {
                let at = format!("{at}.files[{number}]");
                match file.from.split_once('/') {
                    Some(("src", path)) => self.require(
                        path.is_empty() || is_path(path.trim_end_matches('/')),
                        format!("{at}.from"),
                        || format!("is `{}`; it must stay inside `src/`", file.from),
                    ),
                    Some(("out", path)) => {
                        self.path(&format!("{at}.from"), path);
                        self.require(per_platform, format!("{at}.from"), || {
                            "is a build result; the name then needs `{os}` and `{arch}`".into()
                        });
                    }
                    _ => self.add(format!("{at}.from"), format!("is `{}`; expected `src/…` or `out/…`", file.from)),
                }
                self.known(&format!("{at}.from"), &file.from, NAME);
                self.known(&format!("{at}.to"), &file.to, NAME);
                self.require(is_path(file.to.trim_end_matches('/')), format!("{at}.to"), || {
                    format!("is `{}`; expected a relative path without `..`", file.to)
                });
            }
        }
    }

    fn images(&mut self, config: &Config) {
        let mut names = BTreeSet::new();
        for (index, image) in config.images.iter().enumerate() {
            let at = format!("images[{index}]");
            self.require(image.name.parse::<RepositoryName>().is_ok(), format!("{at}.name"), || {
                format!("is `{}`; expected a repository name such as `tools/hello`", image.name)
            });
            self.require(names.insert(&image.name), format!("{at}.name"), || format!("`{}` is made twice", image.name));
            match (&image.archive, image.files.is_empty()) {
                (Some(archive), true) => {
                    self.known(&format!("{at}.archive"), archive, NAME);
                    let path = archive.strip_prefix("out/").unwrap_or("");
                    self.require(is_path(path), format!("{at}.archive"), || {
                        format!("is `{archive}`; expected a build result, `out/…`")
                    });
                }
                (None, false) => {}
                _ => self.add(at.clone(), "needs `files` or `archive`, and not both"),
            }
            for (number, file) in image.files.iter().enumerate() {
                let at = format!("{at}.files[{number}]");
                self.known(&format!("{at}.from"), &file.from, NAME);
                self.known(&format!("{at}.to"), &file.to, NAME);
                let inside = file.from.strip_prefix("out/").or_else(|| file.from.strip_prefix("src/"));
                self.require(inside.is_some_and(is_path), format!("{at}.from"), || {
                    format!("is `{}`; expected one file, `out/…` or `src/…`", file.from)
                });
                self.require(is_path(file.to.trim_start_matches('/')), format!("{at}.to"), || {
                    format!("is `{}`; expected a path in the image", file.to)
                });
            }
        }
        let registries = [("mock", &config.places.mock), ("production", &config.places.production)];
        for (mode, set) in registries {
            self.require(config.images.is_empty() || set.registry.is_some(), format!("places.{mode}.registry"), || {
                "is missing; images are published there".into()
            });
        }
    }

    fn changelog(&mut self, config: &Config) {
        if let Some(changelog) = &config.changelog {
            self.path("changelog.folder", &changelog.folder);
            if let Some(url) = &changelog.downloads {
                self.require(is_web(url.as_str()), "changelog.downloads", || {
                    format!("is `{url}`; expected an https:// address without user name")
                });
            }
        }
    }

    fn places(&mut self, config: &Config, folder: &Path) {
        let sets = [("mock", &config.places.mock), ("production", &config.places.production)];
        for (mode, set) in sets {
            for (place, value) in
                [("bucket", &set.bucket), ("git", &set.git), ("forge", &set.forge), ("outbox", &set.outbox)]
            {
                self.require(!value.trim().is_empty() && !has_control(value), format!("places.{mode}.{place}"), || {
                    "is empty".into()
                });
            }
        }
        // An address of another kind is refused where it is used.
        let (Ok(mock), Ok(production)) =
            (Places::resolve(&config.places.mock, folder), Places::resolve(&config.places.production, folder))
        else {
            return;
        };
        for (place, same) in [
            ("bucket", mock.bucket == production.bucket),
            ("git", path_of(&mock.git) == path_of(&production.git)),
            ("forge", mock.forge == production.forge),
            ("outbox", mock.outbox == production.outbox),
        ] {
            self.require(!same, format!("places.mock.{place}"), || {
                "is the production place; a rehearsal must not reach it".into()
            });
        }
    }

    fn announce(&mut self, config: &Config) {
        let to = &config.announce.to;
        for (mode, list) in [("mock", &to.mock), ("production", &to.production)] {
            self.require(!list.is_empty(), format!("announce.to.{mode}"), || "is empty".into());
            for address in list {
                self.require(is_mailbox(address), format!("announce.to.{mode}"), || {
                    format!("has `{address}`, not a mail address")
                });
            }
        }
        let from = &config.announce.from;
        self.require(is_mailbox(from), "announce.from", || format!("is `{from}`, not a mail address"));
        for address in &to.mock {
            self.require(!to.production.contains(address), "announce.to.mock", || {
                format!("has `{address}`, who is a production recipient; a rehearsal must not reach them")
            });
        }
    }

    fn path(&mut self, at: &str, path: &str) {
        self.require(is_path(path), at, || format!("is `{path}`; expected a relative path without `..`"));
    }
}

fn braces(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ")
}

/// A repository's path, whether written as a path or as an address.
fn path_of(git: &str) -> &str {
    git.strip_prefix("file://").unwrap_or(git)
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn is_slug(text: &str) -> bool {
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
    text.bytes().all(fine) && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) && text.len() <= 64
}

fn is_path(text: &str) -> bool {
    !text.is_empty()
        && !has_control(text)
        && !text.contains('\\')
        && text.split('/').all(|segment| !segment.is_empty() && segment != "." && segment != "..")
}

fn is_ref(text: &str) -> bool {
    is_path(text)
        && !text.starts_with('-')
        && !text.ends_with(".lock")
        && !text.contains("..")
        && !text.contains([' ', '~', '^', ':', '?', '*', '[', '@'])
}

fn is_variable(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

fn is_web(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none()
    })
}

/// `name@host` or `Name <name@host>`; the outbox checks the rest.
fn is_mailbox(text: &str) -> bool {
    let address = match text.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or(""),
        None => text,
    };
    !has_control(text)
        && address.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !address.contains(char::is_whitespace) && !host.contains('@')
        })
}
