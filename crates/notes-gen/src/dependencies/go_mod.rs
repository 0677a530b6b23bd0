use super::{MAX_MANIFEST_LINE, ManifestProblem};

/// What this crate needs of a `go.mod`, `go.work` or `vendor/modules.txt`.
#[derive(Debug, Default)]
pub(super) struct GoMod {
    pub(super) module: Option<String>,
    pub(super) requires: Vec<(String, String)>,
    pub(super) replaces: Vec<Replace>,
    pub(super) excludes: Vec<(String, String)>,
}

/// `from [version] => to [version]`; without a version on the right it is a folder.
#[derive(Debug, Clone)]
pub(super) struct Replace {
    pub(super) from: String,
    pub(super) from_version: Option<String>,
    pub(super) to: Option<(String, String)>,
}

impl GoMod {
    pub(super) fn parse(text: &str) -> Result<Self, ManifestProblem> {
        let mut parsed = Self::default();
        // The directive whose parentheses are open, and where.
        let mut open: Option<(String, usize)> = None;
        for line in lines(text) {
            let (at, line) = line?;
            let tokens = tokens(line).ok_or(malformed(at, "a closing quotation mark"))?;
            let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
            match (&open, tokens.as_slice()) {
                (_, []) => {}
                (Some(_), [")"]) => open = None,
                (Some((directive, _)), arguments) => parsed.take(directive, arguments, at)?,
                (None, [directive, "("]) => open = Some(((*directive).to_owned(), at)),
                (None, [directive, arguments @ ..]) => parsed.take(directive, arguments, at)?,
            }
        }
        match open {
            Some((_, at)) => Err(malformed(at, "a block that is closed")),
            None => Ok(parsed),
        }
    }

    /// Directives that change no version (`go`, `toolchain`, `retract`, `tool`, `use`, those of the future) are passed over.
    fn take(&mut self, directive: &str, arguments: &[&str], at: usize) -> Result<(), ManifestProblem> {
        match (directive, arguments) {
            ("module", [module]) => self.module = Some((*module).to_owned()),
            ("require", [module, version]) => self.requires.push(((*module).to_owned(), (*version).to_owned())),
            ("exclude", [module, version]) => self.excludes.push(((*module).to_owned(), (*version).to_owned())),
            ("replace", arguments) => {
                self.replaces.push(Replace::parse(arguments).ok_or(malformed(at, "`module => replacement`"))?);
            }
            ("module", _) => return Err(malformed(at, "one module")),
            ("require" | "exclude", _) => return Err(malformed(at, "a module and a version")),
            _ => {}
        }
        Ok(())
    }
}

impl Replace {
    fn parse(arguments: &[&str]) -> Option<Self> {
        let arrow = arguments.iter().position(|token| *token == "=>")?;
        let (from, from_version) = match &arguments[..arrow] {
            [from] => (from, None),
            [from, version] => (from, Some((*version).to_owned())),
            _ => return None,
        };
        let to = match &arguments[arrow + 1..] {
            [_folder] => None,
            [to, version] => Some(((*to).to_owned(), (*version).to_owned())),
            _ => return None,
        };
        Some(Self { from: (*from).to_owned(), from_version, to })
    }
}

/// Reads `vendor/modules.txt`: every module that gives packages to the build or is required by name, with its version, in the
/// order of the file. A replaced module comes with its replacement; `None` when that is a folder.
pub(super) fn vendored(text: &str) -> Result<Vec<Option<(String, String)>>, ManifestProblem> {
    let mut modules = Vec::new();
    for line in lines(text) {
        let (at, line) = line?;
        let Some(line) = line.strip_prefix("# ") else { continue };
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            // Replacements of modules that the build does not use stand at the end, without a version.
            [_, "=>", ..] => {}
            [module, version] => modules.push(Some(((*module).to_owned(), (*version).to_owned()))),
            [_, _, "=>", _folder] => modules.push(None),
            [_, _, "=>", module, version] => modules.push(Some(((*module).to_owned(), (*version).to_owned()))),
            _ => return Err(malformed(at, "`# module version`")),
        }
    }
    Ok(modules)
}

/// The lines with their numbers, from 1.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<(usize, &str), ManifestProblem>> {
    (1..).zip(text.lines()).map(|(at, line)| match line.len() {
        0..=MAX_MANIFEST_LINE => Ok((at, line)),
        _ => Err(malformed(at, "a line of at most 64 KiB")),
    })
}

pub(super) fn malformed(line: usize, expected: &'static str) -> ManifestProblem {
    ManifestProblem::Malformed { line, expected }
}

/// The words of a line without its comment; parentheses and arrows are words as `gofmt` writes them, text in quotation marks is one
/// word. `None` when a quotation mark is open.
fn tokens(line: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with("//") {
        let token = match rest.chars().next().filter(|c| matches!(c, '"' | '`')) {
            Some(mark) => {
                let inside = &rest[1..];
                let end = inside.find(mark)?;
                rest = &inside[end + 1..];
                &inside[..end]
            }
            None => {
                let end = rest.find(|c: char| c.is_whitespace() || c == '(' || c == ')').unwrap_or(rest.len());
                let comment = rest.find("//").unwrap_or(rest.len());
                let (token, after) = rest.split_at(end.min(comment).max(1));
                rest = after;
                token
            }
        };
        tokens.push(token.to_owned());
        rest = rest.trim_start();
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_line() {
        let cases: [(&str, Option<&[&str]>); 9] = [
            ("", Some(&[])),
            ("// all comment", Some(&[])),
            ("require (", Some(&["require", "("])),
            ("require(", Some(&["require", "("])),
            (") // end", Some(&[")"])),
            ("\ta.b/c v1.0.0 // indirect", Some(&["a.b/c", "v1.0.0"])),
            ("a v1.0.0//x", Some(&["a", "v1.0.0"])),
            ("\"a.b/c\" `v1.0.0` => \"./x y\"", Some(&["a.b/c", "v1.0.0", "=>", "./x y"])),
            ("\"a", None),
        ];
        for (line, expected) in cases {
            assert_eq!(
                tokens(line).as_deref(),
                expected.map(|e| e.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{line}"
            );
        }
    }
}
