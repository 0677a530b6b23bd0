//! Names of variables that hold secrets.

const WORDS: [&str; 7] = ["TOKEN", "SECRET", "PASSWORD", "PASSPHRASE", "CREDENTIAL", "API_KEY", "PRIVATE_KEY"];

/// Whether an environment variable of this name holds a secret, by the words in it.
#[must_use]
pub fn names_secret(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    WORDS.iter().any(|word| upper.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, secret) in [
            ("GITHUB_TOKEN", true),
            ("smtp_password", true),
            ("SENDGRID_API_KEY", true),
            ("HOME", false),
            ("KEYMAP", false),
        ] {
            assert_eq!(names_secret(name), secret, "{name}");
        }
    }
}
