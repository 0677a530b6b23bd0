//! `{name}` placeholders in commands and file names.

use std::collections::BTreeMap;

/// Why a template was not filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A placeholder that means nothing here.
    #[error("`{{{name}}}` in `{template}` is not one of {known}")]
    Unknown {
        /// The placeholder.
        name: String,
        /// The whole text.
        template: String,
        /// The placeholders that would have been fine.
        known: String,
    },
}

/// The placeholders of `template` in order: `{` followed by lower-case letters, digits and `_`, and `}`.
///
/// Everything else in braces stays as it is, so that shell text such as `${HOME}` or `{ cmd; }` needs no quoting.
#[must_use]
pub fn placeholders(template: &str) -> Vec<&str> {
    let mut names = Vec::new();
    scan(template, |part| {
        if let Part::Placeholder(name) = part {
            names.push(name);
        }
    });
    names
}

/// Fills the placeholders of `template` from `values`.
///
/// # Errors
/// [`TemplateError::Unknown`] for a placeholder without a value.
pub fn expand(template: &str, values: &BTreeMap<&str, String>) -> Result<String, TemplateError> {
    let mut out = String::with_capacity(template.len());
    let mut unknown = None;
    scan(template, |part| match part {
        Part::Text(text) => out.push_str(text),
        Part::Placeholder(name) => match values.get(name) {
            Some(value) => out.push_str(value),
            None => {
                unknown.get_or_insert(name);
            }
        },
    });
    match unknown {
        None => Ok(out),
        Some(name) => Err(TemplateError::Unknown {
            name: name.to_owned(),
            template: template.to_owned(),
            known: values.keys().map(|key| format!("`{{{key}}}`")).collect::<Vec<_>>().join(", "),
        }),
    }
}

enum Part<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

fn scan<'a>(template: &'a str, mut each: impl FnMut(Part<'a>)) {
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let after = &rest[open + 1..];
        let length = after.bytes().take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_').count();
        let shell_variable = rest[..open].ends_with('$');
        if length > 0 && after.as_bytes().get(length) == Some(&b'}') && !shell_variable {
            each(Part::Text(&rest[..open]));
            each(Part::Placeholder(&after[..length]));
            rest = &after[length + 1..];
        } else {
            each(Part::Text(&rest[..=open]));
            rest = after;
        }
    }
    each(Part::Text(rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_shell_text_stays() {
        let values = BTreeMap::from([("os", "linux".to_owned()), ("out", "/o".to_owned())]);
        for (case, template, expected) in [
            ("plain", "make {os}", "make linux"),
            ("twice", "{os}-{os}", "linux-linux"),
            ("shell variable", "echo ${os} {out}", "echo ${os} /o"),
            ("shell group", "{ cc x; }", "{ cc x; }"),
            ("unclosed", "a{os", "a{os"),
            ("empty braces", "find -exec rm {} +", "find -exec rm {} +"),
        ] {
            assert_eq!(expand(template, &values).unwrap(), expected, "{case}");
        }
        assert!(matches!(expand("{arch}", &values), Err(TemplateError::Unknown { name, .. }) if name == "arch"));
        assert_eq!(placeholders("{a}/${b}/{c}"), ["a", "c"]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,80}") {
            let _unused = expand(&text, &BTreeMap::new());
        }
    }
}
