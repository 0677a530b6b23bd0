//! The hook that takes secrets out of all text that is not a result.

use std::{
    fmt,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use secret_redactor::Redactor;
use serde_json::Value;

/// A function that returns the text without its secrets.
pub type RedactHook = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// The hook in force; clones share it. Log lines, progress, notes, prompts and errors pass through it.
#[derive(Clone)]
pub struct Redaction(Arc<RwLock<Option<RedactHook>>>);

impl Default for Redaction {
    fn default() -> Self {
        Self(Arc::new(RwLock::new(None)))
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction")
    }
}

impl Redaction {
    /// No hook yet: text passes as it is.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a hook in force, instead of the one before.
    pub fn set(&self, hook: RedactHook) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(hook);
    }

    /// The text without its secrets.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let hook = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        hook.map_or_else(|| text.to_owned(), |hook| hook(text))
    }

    /// Every text within a JSON value without its secrets. Works on the text before it is escaped, so that a secret with
    /// line breaks or quotes is found too.
    pub(crate) fn apply_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.apply(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply_json(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.apply_json(item)),
            _ => {}
        }
    }
}

/// A hook that takes out what the environment holds as secrets, and what looks like one. A variable that names a file is left: its
/// path is no secret.
///
/// # Errors
/// When a value cannot be searched for.
pub(crate) fn of_environment(
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<RedactHook, secret_redactor::BuildError> {
    let mut builder = Redactor::builder();
    for (name, value) in variables {
        if secret_redactor::names_secret(&name) && !Path::new(&value).exists() {
            builder = builder.secret(value);
        }
    }
    let redactor = builder.build()?;
    Ok(Arc::new(move |text: &str| redactor.redact(text).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_secrets_are_found() {
        let redaction = Redaction::new();
        assert_eq!(redaction.apply("BEGIN\nsecret"), "BEGIN\nsecret");
        redaction.clone().set(Arc::new(|text| text.replace("BEGIN\nsecret", "[redacted]")));
        let mut value = serde_json::json!({"a": ["key: BEGIN\nsecret"]});
        redaction.apply_json(&mut value);
        assert_eq!(value.to_string(), r#"{"a":["key: [redacted]"]}"#);
    }

    #[test]
    fn secrets_of_the_environment() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables =
            [pair("GITHUB_TOKEN", "value-of-the-token"), pair("SSH_PRIVATE_KEY", "/"), pair("HOME", "home-folder")];
        let hook = of_environment(variables).unwrap();
        let shown = hook("value-of-the-token / home-folder");
        assert!(!shown.contains("value-of-the-token") && shown.ends_with("/ home-folder"), "{shown}");
    }
}
