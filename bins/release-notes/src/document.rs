//! What stands around the notes.

use std::path::{Path, PathBuf};

use cli_kit::{Exit, Failure, OrExit, Shell, env};
use notes_gen::changelog::{ArchNames, Downloads, ImageTable};
use notes_gen::dependencies::{HeadingLevel, RenderOptions as DependencyOptions, RepositoryLinks, render_dependencies};
use notes_gen::{Document, LinkStyle, Profile};
use notes_sources::{compare_dependencies, download_files, read_images};
use url::Url;

use crate::failure;
use crate::source::Run;

/// What stands around the notes
#[derive(Debug, Clone, clap::Args)]
pub struct DocumentArgs {
    /// The release that the notes are of, which is the title; else RELEASE_VERSION, else the name of the range's end
    #[arg(long, short = 't', value_name = "TAG", alias = "release-version", help_heading = "Document")]
    tag: Option<String>,
    /// Tables of downloads from a folder of archives, a SHA512SUMS file, or a bucket (file:///…); else RELEASE_TARS
    #[arg(long, value_name = "PLACE", alias = "release-tars", help_heading = "Document")]
    downloads: Option<String>,
    /// Where the files are downloaded from; the tag and the name are appended
    #[arg(long, value_name = "URL", help_heading = "Document")]
    download_prefix: Option<Url>,
    /// A table of container images, from the `release-images` in this build folder
    #[arg(long, value_name = "DIR", help_heading = "Document")]
    images: Option<PathBuf>,
    /// Leave out what changed among the dependencies
    #[arg(long, help_heading = "Document")]
    no_dependencies: bool,
    /// For scripts of the original, where it is the default
    #[arg(long, hide = true, num_args = 0..=1, default_missing_value = "true", value_name = "true|false")]
    dependencies: Option<bool>,
    /// A folder with manifests (go.mod, Cargo.lock, package-lock.json); may be repeated, the root by default
    #[arg(long = "dependency-folder", value_name = "DIR", help_heading = "Document")]
    dependency_folders: Vec<String>,
}

impl DocumentArgs {
    /// The tag that was given, or that the environment names.
    pub fn tag(&self) -> Option<String> {
        self.tag.clone().or_else(|| env::process("RELEASE_VERSION"))
    }

    /// Looks whether the folders and files that were named are there, before anything slow is begun.
    ///
    /// # Errors
    /// When one is missing.
    pub fn check(&self) -> Result<(), Failure> {
        let downloads = self.downloads.as_ref().filter(|place| !place.contains("://") && !place.starts_with("file:"));
        for path in downloads.map(Path::new).into_iter().chain(self.images.as_deref()) {
            std::fs::metadata(path).map_err(|source| {
                failure::sources(notes_sources::Error::Read { path: path.display().to_string(), source })
            })?;
        }
        Ok(())
    }

    /// The document of a run.
    ///
    /// # Errors
    /// When files, images or dependencies cannot be read.
    pub async fn document(&self, run: &Run, shell: &Shell) -> Result<Document, Failure> {
        let tag = self.tag().unwrap_or_else(|| run.ends.end.name.clone());
        let mut document = Document::new(tag.clone(), run.collected.notes.clone());
        document.previous = run.ends.start.as_ref().map(|start| start.name.clone());
        document.repository = run.repository.page();
        document.cves = run.collected.applied.cves.clone();
        document.downloads = self.downloads_of(&run.profile, &tag, shell).await?;
        let wanted = self.dependencies.unwrap_or(true) && !self.no_dependencies;
        if wanted && run.ends.start.is_some() {
            document.dependencies = self.dependencies(run).await?;
        }
        Ok(document)
    }

    async fn dependencies(&self, run: &Run) -> Result<Option<String>, Failure> {
        let root = [String::new()];
        let folders = if self.dependency_folders.is_empty() { &root[..] } else { &self.dependency_folders };
        let report = compare_dependencies(&run.repository.git, run.repository.files.as_ref(), &run.ends, folders)
            .await
            .map_err(|error| failure::sources(error).hint("`--no-dependencies` leaves that chapter out"))?;
        if report.manifests.is_empty() {
            return Ok(None);
        }
        let mut options = DependencyOptions::default();
        if let Some(level) = HeadingLevel::new(2) {
            options.level = level;
        }
        if run.profile.links == LinkStyle::Plain {
            options.links = RepositoryLinks::Without;
        }
        Ok(Some(render_dependencies(&report, &options)))
    }

    /// The tables of downloads and images.
    ///
    /// # Errors
    /// When files or images cannot be read.
    pub async fn downloads_of(
        &self,
        profile: &Profile,
        tag: &str,
        shell: &Shell,
    ) -> Result<Option<Downloads>, Failure> {
        let words = &profile.document;
        let images = match &self.images {
            None => None,
            Some(folder) => {
                let (folder, shown) = (folder.clone(), folder.display().to_string());
                let images = tokio::task::spawn_blocking(move || read_images(&folder))
                    .await
                    .or_exit(Exit::Unexpected)?
                    .map_err(failure::sources)?;
                if images.is_empty() {
                    return Err(Failure::new(Exit::Usage, format!("there are no images in `{shown}/release-images`")));
                }
                Some(ImageTable {
                    registry: words.image_registry.clone(),
                    browse: Url::parse(&words.image_console).ok(),
                    arch_names: ArchNames::default(),
                    images,
                })
            }
        };
        let files = match &self.downloads.clone().or_else(|| env::process("RELEASE_TARS")) {
            Some(place) => download_files(place, tag).await.map_err(failure::sources)?,
            None if images.is_none() => return Ok(None),
            None => Vec::new(),
        };
        let prefix = match &self.download_prefix {
            Some(prefix) => prefix.clone(),
            None => Url::parse(&words.download_prefix).or_exit(Exit::Usage).map_err(|failure| {
                failure.hint("say where files are downloaded from: `--download-prefix URL`, or in the profile")
            })?,
        };
        let there = files.len();
        let mut downloads = Downloads::by_name(prefix, &words.product, files);
        if there > 0 && downloads.groups.iter().all(|group| group.files.is_empty()) {
            let product = &words.product;
            shell.warn(format!(
                "none of the {there} files is in a table of downloads: their names are not `{product}.tar.gz`, `{product}-client-….tar.gz` \
                 and so on; the profile names the product"
            ));
        }
        downloads.images = images;
        Ok(Some(downloads))
    }
}
