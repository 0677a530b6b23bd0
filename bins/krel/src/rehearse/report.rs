//! What a rehearsal shows at its end.

use std::{
    fmt::{self, Write as _},
    path::PathBuf,
    time::Duration,
};

use cli_kit::{Page, Render, Table, human_bytes};
use release_flow::{
    Announced, Released, Staged,
    config::Loaded,
    places::Mode,
    verify::{Verdict, Verification},
};
use release_version::ReleaseVersion;
use serde::Serialize;

/// One run of a rehearsal.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// Number of the cut, from 0.
    cut: usize,
    run: String,
    mode: Mode,
    branch: Option<String>,
    versions: Vec<ReleaseVersion>,
    artifacts: Option<usize>,
    bytes: Option<u64>,
    markers: Vec<String>,
    images: Option<usize>,
    image_platforms: Option<usize>,
    notes: Option<usize>,
    mail: Option<String>,
    checks: Option<usize>,
    milliseconds: u64,
}

impl Row {
    fn new(cut: usize, mode: Mode, run: &str, versions: Vec<ReleaseVersion>, took: Duration) -> Self {
        Self {
            cut,
            run: named(mode, run),
            mode,
            branch: None,
            versions,
            artifacts: None,
            bytes: None,
            markers: Vec::new(),
            images: None,
            image_platforms: None,
            notes: None,
            mail: None,
            checks: None,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn staged(cut: usize, staged: &Staged, took: Duration) -> Self {
        Self {
            branch: Some(staged.branch.clone()),
            artifacts: Some(staged.files),
            bytes: Some(staged.bytes),
            images: Some(staged.images),
            image_platforms: Some(staged.image_platforms),
            notes: Some(staged.notes),
            ..Self::new(cut, staged.mode, "stage", staged.versions.clone(), took)
        }
    }

    /// Images and the platforms they are for.
    fn image_words(&self) -> String {
        match (self.images, self.image_platforms) {
            (Some(images @ 1..), Some(platforms)) => format!("{images} for {}", platforms / images),
            _ => String::new(),
        }
    }

    pub(crate) fn released(cut: usize, released: &Released, took: Duration) -> Self {
        Self {
            artifacts: Some(released.files),
            bytes: Some(released.bytes),
            markers: released.markers.clone(),
            ..Self::new(cut, released.mode, "release", released.versions.clone(), took)
        }
    }

    pub(crate) fn announced(cut: usize, announced: &Announced, took: Duration) -> Self {
        Self {
            mail: Some(announced.location.clone()),
            ..Self::new(cut, announced.mode, "announce", vec![announced.version], took)
        }
    }

    pub(crate) fn verified(cut: usize, version: ReleaseVersion, verification: &Verification, took: Duration) -> Self {
        let good = verification.checks.iter().filter(|check| check.verdict == Verdict::Ok).count();
        Self { checks: Some(good), ..Self::new(cut, verification.mode, "verify", vec![version], took) }
    }
}

/// A rehearsal.
#[derive(Debug, Serialize)]
pub(crate) struct Rehearsal {
    verified: bool,
    runs: Vec<Row>,
    folder: PathBuf,
    config: PathBuf,
    look: Vec<Look>,
}

/// Something to look at.
#[derive(Debug, Serialize)]
struct Look {
    what: &'static str,
    how: String,
}

impl Rehearsal {
    pub(crate) fn new(
        verified: bool,
        runs: Vec<Row>,
        folder: PathBuf,
        loaded: &Loaded,
        last: Option<ReleaseVersion>,
    ) -> Self {
        let at =
            |address: &str| loaded.folder.join(address.strip_prefix("file:").unwrap_or(address)).display().to_string();
        let (places, config) = (&loaded.config.places.production, loaded.path.clone());
        let mut look = vec![
            Look { what: "files", how: format!("{}/release", at(&places.bucket)) },
            Look { what: "pages", how: format!("{}/releases", at(&places.forge)) },
            Look { what: "mails", how: at(&places.outbox) },
            Look { what: "history", how: format!("git -C {} log --graph --oneline --all", at(&places.git)) },
            Look { what: "journal", how: format!("krel status --config {}", config.display()) },
        ];
        if let Some(version) = last {
            let how = format!("krel verify {version} --nomock --deep --config {}", config.display());
            look.push(Look { what: "again", how });
        }
        Self { verified, runs, folder, config, look }
    }

    /// One line for each run of a single cut.
    fn runs(&self, page: &mut Page) -> fmt::Result {
        let mut table = Table::new([
            "run",
            "version",
            "branch",
            "files",
            "size",
            "images",
            "markers moved",
            "notes",
            "mail",
            "seconds",
        ]);
        table = table.right(3).right(4).right(7).right(8).right(9);
        for row in &self.runs {
            let markers: Vec<&str> = row.markers.iter().map(|marker| short(marker)).collect();
            table.row([
                row.run.clone(),
                words(&row.versions),
                row.branch.clone().unwrap_or_default(),
                count(row.artifacts),
                row.bytes.map(human_bytes).unwrap_or_default(),
                row.image_words(),
                row.checks.map_or_else(|| markers.join(" "), |checks| format!("{checks} checks fine")),
                count(row.notes),
                row.mail.as_ref().map(|_| "1".to_owned()).unwrap_or_default(),
                seconds(row.milliseconds),
            ]);
        }
        page.table(&table)
    }

    /// One line for each of several cuts.
    fn cuts(&self, page: &mut Page) -> fmt::Result {
        let mut table = Table::new([
            "cut",
            "branch",
            "files",
            "size",
            "images",
            "markers moved",
            "notes",
            "mail",
            "checks",
            "seconds",
        ]);
        table = table.right(2).right(3).right(6).right(7).right(8).right(9);
        let cuts: std::collections::BTreeSet<usize> = self.runs.iter().map(|row| row.cut).collect();
        for cut in cuts {
            let all = || self.runs.iter().filter(move |row| row.cut == cut);
            let real = || all().filter(|row| row.mode == Mode::Nomock);
            let markers: Vec<&str> = real().flat_map(|row| &row.markers).map(|marker| short(marker)).collect();
            table.row([
                real().next().map(|row| words(&row.versions)).unwrap_or_default(),
                real().find_map(|row| row.branch.clone()).unwrap_or_default(),
                count(real().find_map(|row| row.artifacts)),
                real().find_map(|row| row.bytes).map(human_bytes).unwrap_or_default(),
                real().next().map(Row::image_words).unwrap_or_default(),
                markers.join(" "),
                count(real().find_map(|row| row.notes)),
                real().filter(|row| row.mail.is_some()).count().to_string(),
                count(real().find_map(|row| row.checks)),
                seconds(all().map(|row| row.milliseconds).sum()),
            ]);
        }
        page.table(&table)
    }
}

impl Render for Rehearsal {
    const SCHEMA: &'static str = "krel/rehearsal/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        let several = self.runs.iter().any(|row| row.cut > 0);
        if several {
            self.cuts(page)?
        } else {
            self.runs(page)?
        }
        writeln!(page)?;
        for look in &self.look {
            writeln!(page, "{:8} {}", look.what, look.how)?;
        }
        let paint = page.paint();
        if self.verified {
            let what = if several { "all versions are" } else { "the version is" };
            writeln!(page, "{}: {what} released and everything agrees", paint.good("verified"))
        } else {
            writeln!(page, "{}: the places do not agree; `krel verify` tells where", paint.bad("different"))
        }
    }
}

fn words(versions: &[ReleaseVersion]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn count(value: Option<usize>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:02}", milliseconds / 1000, milliseconds % 1000 / 10)
}

/// What people call a run: a mock run says so, a real one needs no word.
fn named(mode: Mode, run: &str) -> String {
    match mode {
        Mode::Mock => format!("mock {run}"),
        Mode::Nomock => run.to_owned(),
    }
}

/// A marker without its folder and extension.
fn short(marker: &str) -> &str {
    let name = marker.rsplit('/').next().unwrap_or(marker);
    name.strip_suffix(".txt").unwrap_or(name)
}
