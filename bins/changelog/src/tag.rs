//! How a project spells its tags, and which tag ought to come before a version.

use cli_kit::{Exit, Failure};
use notes_sources::{VersionTag, previous_tag};
use semver::{Prerelease, Version};

/// The version of a tag, which may stand behind `prefix` and `v`.
pub(crate) fn version_of(tag: &str, prefix: &str) -> Result<Version, Failure> {
    let bare = bare(tag, prefix);
    Version::parse(bare.strip_prefix('v').unwrap_or(bare)).map_err(|error| {
        Failure::new(Exit::Usage, format!("`{tag}` is no version: {error}")).hint("tags look like `v1.30.0-rc.1`")
    })
}

fn bare<'a>(tag: &'a str, prefix: &str) -> &'a str {
    tag.strip_prefix(prefix).unwrap_or(tag)
}

/// Refuses a tag that is spelled as none of the project's is: of `1.2.4` beside `v1.2.3` neither the notes nor the section would be
/// found again. A tag that is there is right.
pub(crate) fn check_spelling(tag: &str, prefix: &str, version: &Version, tags: &[VersionTag]) -> Result<(), Failure> {
    if find(tags, tag, prefix).is_some() {
        return Ok(());
    }
    let typed = bare(tag, prefix);
    let head = &tag[..tag.len() - typed.len()];
    let lower = lower_case(version);
    let same = tags.iter().find(|other| lower_case(&other.version) == lower);
    let example = same.or_else(|| previous_tag(tags, version)).or_else(|| tags.first());
    let right = match (same, example) {
        // It is there already, in another spelling.
        (Some(same), _) => format!("{head}{}", bare(&same.name, prefix)),
        (None, Some(example)) => {
            let has_v = |name: &str| bare(name, prefix).starts_with('v');
            // Some projects tag a version in both ways.
            let like = tags.iter().any(|it| it.version == example.version && has_v(&it.name) == has_v(typed));
            let v = if like == has_v(typed) { "v" } else { "" };
            let shouts = tags.iter().any(|other| other.version != lower_case(&other.version));
            format!("{head}{v}{}", if shouts { version } else { &lower })
        }
        (None, None) => format!("{head}{}{lower}", if typed.starts_with('v') { "v" } else { "" }),
    };
    if right == tag {
        return Ok(());
    }
    let others = example.map(|example| format!(", as `{}` is", example.name)).unwrap_or_default();
    Err(Failure::new(Exit::Usage, format!("`{tag}` is not how versions are tagged here"))
        .hint(format!("write `--tag {right}`{others}"))
        .hint("if the spelling shall change, make the tag first"))
}

/// The tag as it was given, without or with the prefix.
pub(crate) fn find<'a>(tags: &'a [VersionTag], tag: &str, prefix: &str) -> Option<&'a VersionTag> {
    tags.iter().find(|other| bare(&other.name, prefix) == bare(tag, prefix))
}

fn lower_case(version: &Version) -> Version {
    let mut lower = version.clone();
    lower.pre = Prerelease::new(&version.pre.to_ascii_lowercase()).unwrap_or_else(|_| version.pre.clone());
    lower
}

/// The version that must be tagged before this one, if one can be told: a section that counts from an older one repeats notes.
pub(crate) fn expected_before(version: &Version) -> Option<Version> {
    let Version { major, minor, patch, .. } = *version;
    if let Some((label, number)) = version.pre.rsplit_once('.')
        && let Some(number) = number.parse::<u64>().ok().filter(|number| *number > 1)
    {
        let mut before = Version::new(major, minor, patch);
        before.pre = Prerelease::new(&format!("{label}.{}", number - 1)).ok()?;
        return Some(before);
    }
    match (minor, patch) {
        (_, 1..) => Some(Version::new(major, minor, patch - 1)),
        (1.., 0) if (major, minor) != (0, 1) => Some(Version::new(major, minor - 1, 0)),
        _ => None,
    }
}

/// What to tell when the tag that a version counts from is older than the one that ought to come before it.
pub(crate) fn doubt(tag: &str, prefix: &str, version: &Version, start: Option<&VersionTag>) -> Option<String> {
    let expected = expected_before(version)?;
    if start.is_some_and(|start| start.version.cmp_precedence(&expected).is_ge()) {
        return None;
    }
    let from = start.map_or("the beginning of history".to_owned(), |start| format!("`{}`", start.name));
    let v = if bare(tag, prefix).starts_with('v') { "v" } else { "" };
    Some(format!(
        "{tag} counts from {from}, because `{prefix}{v}{expected}` is no tag; `--start-rev` says where the notes begin"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before() {
        for (version, expected) in [
            ("1.2.3", Some("1.2.2")),
            ("1.2.0", Some("1.1.0")),
            ("1.0.0", None),
            ("0.1.0", None),
            ("0.2.0", Some("0.1.0")),
            ("2.0.0-rc.1", None),
            ("1.2.0-alpha.1", Some("1.1.0")),
            ("1.2.0-alpha.2", Some("1.2.0-alpha.1")),
            ("1.2.0-rc.10", Some("1.2.0-rc.9")),
            ("1.2.0-rc.1", Some("1.1.0")),
            ("1.2.3-rc.0", Some("1.2.2")),
            ("1.2.3-rc.2", Some("1.2.3-rc.1")),
            ("1.2.0-next", Some("1.1.0")),
        ] {
            let found = expected_before(&Version::parse(version).unwrap()).map(|version| version.to_string());
            assert_eq!(found.as_deref(), expected, "{version}");
        }
    }
}
