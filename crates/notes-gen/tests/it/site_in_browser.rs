//! The page in chromium. `KREL_COMPONENTS=1` makes its absence a failure.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use notes_gen::site::{SiteOptions, SiteRelease, render_site};
use regex::Regex;

use crate::site::{hostile_options, hostile_releases, options, releases};

fn missing() -> bool {
    let there = Command::new("chromium").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return false;
    }
    assert!(std::env::var_os("KREL_COMPONENTS").is_none(), "chromium is not installed");
    println!("skipped: chromium is not installed");
    true
}

/// A page on disk, opened at an address behind `#`.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new(releases: &[SiteRelease], options: &SiteOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("site.html"), render_site(releases, options).unwrap()).unwrap();
        Self { folder }
    }

    fn open(&self, address: &str, flags: &[&str]) -> Dom {
        let profile = self.folder.path().join("profile");
        let page = self.folder.path().join("site.html");
        Dom::of(&profile, &format!("file://{}{address}", page.display()), flags)
    }
}

/// The document after its script ran.
struct Dom(String);

static NOTE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"<li class="n" id="([^"]+)"( hidden="")?>"#).unwrap());

impl Dom {
    fn of(profile: &Path, address: &str, flags: &[&str]) -> Self {
        let output = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(flags)
            .args(["--dump-dom", address])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let dom = String::from_utf8(output.stdout).unwrap();
        assert!(dom.ends_with("</html>\n"), "{}", String::from_utf8_lossy(&output.stderr));
        Self(dom)
    }

    /// The notes that can be seen.
    fn shown(&self) -> Vec<String> {
        NOTE.captures_iter(&self.0).filter(|note| note.get(2).is_none()).map(|note| note[1].to_owned()).collect()
    }

    fn between(&self, before: &str, after: &str) -> &str {
        self.0.split_once(before).unwrap().1.split_once(after).unwrap().0
    }
}

#[test]
fn filters_come_from_the_address() {
    if missing() {
        return;
    }
    let site = Site::new(&releases(), &options());
    let cases: [(&str, &[&str], &str); 9] = [
        (
            "",
            &["v1.10.1-pr5", "v1.10.0-pr3", "v1.10.0-pr4", "v1.10.0-pr5", "v1.10.0-pr6", "v1.9.0-pr1"],
            "6 notes in 3 releases",
        ),
        ("#kind=Feature", &["v1.10.0-pr4", "v1.9.0-pr1"], "2 of 6 notes in 2 releases"),
        ("#kind=API%20Change&action=1", &["v1.10.0-pr3"], "1 of 6 notes in 1 release"),
        ("#release=v1.10.1&release=v1.9.0", &["v1.10.1-pr5", "v1.9.0-pr1"], "2 of 6 notes in 2 releases"),
        ("#sig=API%20Machinery&q=FEATURE%20new", &["v1.10.0-pr4"], "1 of 6 notes in 1 release"),
        ("#q=%22feature%20of%22", &["v1.9.0-pr1"], "1 of 6 notes in 1 release"),
        ("#q=%235", &["v1.10.1-pr5", "v1.10.0-pr5"], "2 of 6 notes in 2 releases"),
        ("#author=Author1&area=kubelet", &[], "0 of 6 notes in 0 releases"),
        (
            "#v1.10.0-pr5",
            &["v1.10.1-pr5", "v1.10.0-pr3", "v1.10.0-pr4", "v1.10.0-pr5", "v1.10.0-pr6", "v1.9.0-pr1"],
            "6 notes in 3 releases",
        ),
    ];
    for (address, shown, status) in cases {
        let dom = site.open(address, &[]);
        assert_eq!(dom.shown(), shown, "{address}");
        assert_eq!(dom.between("role=\"status\" aria-live=\"polite\">", "<"), status, "{address}");
        assert!(dom.0.contains("<html lang=\"en\" class=\"js\">"), "{address}: the script did not come to its end");
    }
    // Lists and releases without a note are hidden as a whole.
    let dom = site.open("#kind=Feature", &[]);
    assert!(dom.0.contains("<section class=\"r\" id=\"v1.10.1\" aria-labelledby=\"_h-v1.10.1\" hidden=\"\">"));
    assert!(dom.0.contains("<div class=\"g u\" hidden=\"\">"));
    assert!(dom.0.contains("<span class=\"c\">1 of 4 notes</span>"));
}

/// The page in a frame that may not run scripts; the page around it writes down which notes take up room.
const AROUND: &str = "<!DOCTYPE html><iframe id=f sandbox=allow-same-origin width=800 height=600></iframe><script>
f.onload = () => {
  const page = f.contentDocument;
  const seen = (element) => element !== null && element.checkVisibility();
  const notes = [...page.querySelectorAll('li.n')].filter(seen).map((note) => note.id);
  const form = seen(page.querySelector('form'));
  document.title = JSON.stringify({ notes, form });
};
f.src = 'site.html#kind=Feature';
</script></html>";

#[test]
fn without_javascript_all_notes_can_be_read() {
    if missing() {
        return;
    }
    let site = Site::new(&releases(), &options());
    let around = site.folder.path().join("around.html");
    std::fs::write(&around, AROUND).unwrap();
    let dom = Dom::of(
        &site.folder.path().join("profile"),
        &format!("file://{}", around.display()),
        &["--allow-file-access-from-files"],
    );
    let seen: serde_json::Value = serde_json::from_str(dom.between("<title>", "</title>")).unwrap();
    let expected = ["v1.10.1-pr5", "v1.10.0-pr3", "v1.10.0-pr4", "v1.10.0-pr5", "v1.10.0-pr6", "v1.9.0-pr1"];
    assert_eq!(seen, serde_json::json!({ "notes": expected, "form": false }));
}

#[test]
fn hostile_notes_do_not_run() {
    if missing() {
        return;
    }
    let dom = Site::new(&hostile_releases(), &hostile_options()).open("#q=document.title", &[]);
    assert_eq!(dom.between("<title>", "</title>"), "&lt;b&gt;\"Hostile\"&lt;/b&gt; release notes");
    assert!(dom.0.contains("class=\"js\""), "the page's own script ran");
    let total = hostile_releases()[0].notes.len();
    assert!(dom.shown().len() > 3 && dom.shown().len() < total, "{:?}", dom.shown());
    // Elements that only a note could have brought in.
    let counts = ["script", "style", "img", "svg", "iframe", "base", "body", "main", "title"]
        .map(|name| (name, Regex::new(&format!("<{name}[ >]")).unwrap().find_iter(&dom.0).count()));
    let expected: BTreeMap<&str, usize> = [
        ("script", 2),
        ("style", 1),
        ("img", 0),
        ("svg", 0),
        ("iframe", 0),
        ("base", 0),
        ("body", 1),
        ("main", 1),
        ("title", 1),
    ]
    .into();
    assert_eq!(BTreeMap::from(counts), expected);
}
