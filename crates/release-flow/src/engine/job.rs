use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::{ContainerEngine, Platform};

/// One build command for one platform, with everything but the folders filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildJob {
    /// Name for folders and logs, e.g. `server-linux-amd64`.
    pub id: String,
    /// What is built for.
    pub platform: Platform,
    /// The command for `sh -c`; `{out}` stands for the results' folder.
    pub command: String,
    /// Environment on top of what is inherited; `{out}` is filled in.
    pub env: BTreeMap<String, String>,
    /// How long the command may take, in seconds.
    pub timeout_s: u32,
    /// The container it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerSpec>,
    /// What must be there afterwards.
    pub artifacts: Vec<ArtifactSpec>,
}

impl BuildJob {
    /// Names what the command makes: two versions of one run whose commands differ in nothing share one build.
    #[must_use]
    pub fn build_name(&self) -> String {
        let mut hasher = Sha256::new();
        let mut add = |text: &str| {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(&self.command);
        for (key, value) in &self.env {
            add(key);
            add(value);
        }
        add(self.container.as_ref().map_or("", |container| &container.image));
        let mut digest = hex::encode(hasher.finalize());
        digest.truncate(12);
        format!("{}-{digest}", self.id)
    }
}

/// A container image, and the engine to run it with (the first that is there, when none is named).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerSpec {
    /// The image.
    pub image: String,
    /// The engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<ContainerEngine>,
}

/// One result of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactSpec {
    /// Path below the results' folder.
    pub path: String,
    /// Path below the version's folder in the bucket; nothing when it only goes into tarballs and images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<String>,
    /// Whether it is an executable, whose header must agree with the platform.
    pub binary: bool,
}
