//! What a bash script does with it.

use std::{
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use assert_cmd::cargo::cargo_bin;

/// Runs a script that finds the command on its path; returns what it printed.
fn bash(script: &str) -> String {
    let folder = cargo_bin!("release-version").parent().map(Path::to_owned).unwrap();
    let path = std::env::join_paths(
        std::iter::once(folder).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .unwrap();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .env("PATH", path)
        .env_remove("KREL_OUTPUT")
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{script}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn loops_and_conditions() {
    let cases = [
        (
            "a loop over the versions of a run",
            "release-version next --type rc --branch release-1.19 --new-branch \
                 --build-version v1.19.0-beta.2.847+0123456789abcd |
             while read -r version; do echo \"tag $version\"; done",
            "tag v1.19.0-rc.0\ntag v1.20.0-alpha.0\n",
        ),
        (
            "an answer by exit code",
            "for pair in 'v1.26.3-39+4a72b34 v1.26.3' 'v1.2.0-rc.1 v1.2.0' 'nonsense v1.2.0'; do
                 # shellcheck disable=SC2086
                 code=0; release-version compare $pair --is gt 2>/dev/null || code=$?; echo $code
             done",
            "0\n4\n2\n",
        ),
        (
            "parts into variables",
            "while read -r name value; do declare \"v_${name//-/_}=$value\"; done \
                 < <(release-version parse v1.19.0-rc.0.529+0123456789abcd)
             echo $v_line $v_container_tag",
            "1.19 v1.19.0-rc.0.529_0123456789abcd\n",
        ),
        (
            "what to do with markers",
            "release-version markers v1.18.9 --current stable=v1.19.0 |
             while read -r action path why; do [[ $action == keep ]] || echo \"$action $path\"; done",
            "create release/stable-1.txt\ncreate release/stable-1.18.txt\n",
        ),
        (
            "a file from an older tool",
            "printf 'v1.2.3\\r\\n' | release-version describe --from version-file",
            "v1.2.3\n",
        ),
    ];
    for (name, script, expected) in cases {
        assert_eq!(bash(script), expected, "{name}");
    }
}

/// Far more than a pipe holds, so that writing goes on after the reader went away.
#[test]
fn a_reader_that_went_away_is_no_failure() {
    let script = "seq 1 200000 | sed 's/^/v1.2./' | release-version sort --reverse | head -1";
    assert_eq!(bash(script), "v1.2.200000\n");
}

#[test]
fn ctrl_c_ends_waiting_for_stdin() {
    let mut child = Command::new(cargo_bin!("release-version"))
        .arg("sort")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: when all of it is written, the command is reading, and the handler was set up before.
    stdin.write_all("v1.2.3\n".repeat(100_000).as_bytes()).unwrap();
    interrupt(&child);
    let end = Instant::now() + Duration::from_secs(20);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < end, "still running");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(130));
    drop(stdin);
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}
