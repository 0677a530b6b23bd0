//! Build commands in containers. The source tree is `/src`, the results' folder is `/out`.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use crate::config::ContainerEngine;

/// The first of docker, podman and buildah that answers; docker only counts when its engine runs.
#[must_use]
pub fn find_engine(wanted: Option<ContainerEngine>) -> Option<ContainerEngine> {
    let all = [ContainerEngine::Docker, ContainerEngine::Podman, ContainerEngine::Buildah];
    all.into_iter().filter(|engine| wanted.is_none_or(|wanted| wanted == *engine)).find(|engine| answers(*engine))
}

fn answers(engine: ContainerEngine) -> bool {
    let args: &[&str] = match engine {
        ContainerEngine::Docker => &["docker", "info"],
        ContainerEngine::Podman => &["podman", "info"],
        ContainerEngine::Buildah => &["buildah", "--version"],
    };
    std::process::Command::new(args[0])
        .args(&args[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Program and arguments that run `command` in `image`.
pub(super) fn command_line(
    engine: ContainerEngine,
    image: &str,
    command: &str,
    env: &BTreeMap<String, String>,
    source: &Path,
    out: &Path,
) -> Vec<String> {
    let volumes = [format!("{}:/src", source.display()), format!("{}:/out", out.display())];
    let variables = || env.iter().map(|(key, value)| format!("{key}={value}"));
    let mut line: Vec<String> = Vec::new();
    let mut push = |word: &str| line.push(word.to_owned());
    match engine {
        ContainerEngine::Docker | ContainerEngine::Podman => {
            push(if engine == ContainerEngine::Docker { "docker" } else { "podman" });
            for word in ["run", "--rm", "--init", "--workdir", "/src"] {
                push(word);
            }
            for volume in &volumes {
                push("--volume");
                push(volume);
            }
            for variable in variables() {
                push("--env");
                push(&variable);
            }
            for word in ["--", image, "sh", "-c", command] {
                push(word);
            }
        }
        ContainerEngine::Buildah => {
            // buildah runs commands in a working container, which is made first and removed in any case.
            const SCRIPT: &str = "set -eu; image=$1; shift; c=$(buildah from -- \"$image\"); \
                trap 'buildah rm \"$c\" >/dev/null' EXIT; trap 'exit 143' TERM; buildah run \"$@\" --workingdir /src -- \"$c\" sh -c \"$COMMAND\"";
            for word in ["env", &format!("COMMAND={command}"), "sh", "-c", SCRIPT, "sh", image] {
                push(word);
            }
            for volume in &volumes {
                push("--volume");
                push(volume);
            }
            for variable in variables() {
                push("--env");
                push(&variable);
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_one_argument_and_the_image_no_option() {
        let env = BTreeMap::from([("VERSION".to_owned(), "v1.0.0".to_owned())]);
        let line = command_line(
            ContainerEngine::Podman,
            "example.invalid/cross@sha256:00",
            "make \"$VERSION\"; true",
            &env,
            Path::new("/w/src"),
            Path::new("/w/out"),
        );
        assert_eq!(
            line,
            [
                "podman",
                "run",
                "--rm",
                "--init",
                "--workdir",
                "/src",
                "--volume",
                "/w/src:/src",
                "--volume",
                "/w/out:/out",
                "--env",
                "VERSION=v1.0.0",
                "--",
                "example.invalid/cross@sha256:00",
                "sh",
                "-c",
                "make \"$VERSION\"; true"
            ]
        );
    }
}
