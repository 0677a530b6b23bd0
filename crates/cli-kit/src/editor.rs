//! Letting a person edit a text.

use std::{io::Write as _, process::Stdio};

use crate::{Exit, Failure, OrExit, Shell, env};

/// What came of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// The new text.
    Text(String),
    /// The text was left as it was, or emptied: the person thought better of it.
    Cancelled,
}

impl Shell {
    /// Opens the editor of the person (`KUBE_EDITOR`, `VISUAL`, `EDITOR`, else `vi`) on a text and returns what they made of it. The
    /// text lies in a file that only they can read, and is gone afterwards. `suffix` lets the editor see what it is: `.yaml`.
    ///
    /// # Errors
    /// Exit 2 when the editor cannot be started or fails.
    pub async fn edit(&self, text: &str, suffix: &str) -> Result<Edited, Failure> {
        let named = [env::KUBE_EDITOR, env::VISUAL, env::EDITOR].iter().find_map(|name| env::process(name));
        let editor = named.unwrap_or_else(|| "vi".to_owned());
        let mut file = tempfile::Builder::new().prefix("krel-").suffix(suffix).tempfile().or_exit(Exit::Unexpected)?;
        file.write_all(text.as_bytes()).or_exit(Exit::Unexpected)?;
        // An editor is a command line (`code --wait`), which the person's own shell understands; the path is an argument of it.
        let status = tokio::process::Command::new("sh")
            .arg("-c")
            .arg(format!("exec {editor} \"$1\""))
            .arg("sh")
            .arg(file.path())
            .stdin(Stdio::inherit())
            .stdout(Stdio::inherit())
            .stderr(Stdio::inherit())
            .status()
            .await;
        let hint = "set `EDITOR` to the editor you want";
        let status = status.or_exit(Exit::Usage).map_err(|failure| failure.hint(hint))?;
        if !status.success() {
            return Err(Failure::new(Exit::Usage, format!("editor `{editor}` ended with {status}")).hint(hint));
        }
        // By path: many editors replace the file.
        let edited = std::fs::read_to_string(file.path()).or_exit(Exit::Usage)?;
        Ok(if edited == text || edited.trim().is_empty() { Edited::Cancelled } else { Edited::Text(edited) })
    }
}
