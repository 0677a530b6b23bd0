//! Bad input: each ends with its exit code, names what is wrong, and writes nothing.

use std::fs;

use testkit::{GitWorld, git};

use crate::world::{bare, seen, text};

/// The range v1.0.0..v1.1.0 on `main`, and a branch `alone` without a common past.
fn history() -> GitWorld {
    let mut world = GitWorld::new("main");
    world.commit("Begin");
    world.tag("v1.0.0");
    world.squash_pull(1, "Mend the pump");
    world.squash_pull(2, "Add a valve");
    world.tag("v1.1.0");
    world.git(&["checkout", "--quiet", "--orphan", "alone"]);
    world.commit("Begin alone");
    world.git(&["checkout", "--quiet", "main"]);
    world
}

#[test]
fn what_is_wrong_is_named() {
    let world = history();
    let home = world.folder();
    let write = |name: &str, content: &str| {
        let path = home.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        text(&path).to_owned()
    };
    let bad_map = write("maps/pr-1.yaml", "pr: 1\nreleasenote:\n  texxt: no\n");
    let maps = text(&home.join("maps")).to_owned();
    let profile = write("profile.yaml", "name: x\nnonsense: 1\n");
    let template = write("t.tmpl", "{{#if");
    write("empty/x", "");
    git(home, &["clone", "--quiet", "--depth", "1", &format!("file://{}", world.path().display()), "shallow"]);
    let shallow = text(&home.join("shallow")).to_owned();
    let empty = text(&home.join("empty")).to_owned();
    let range = "v1.0.0..v1.1.0";
    let map_problem = format!("error: {bad_map}:3: unknown key `texxt`; did you mean `text`?");
    #[rustfmt::skip]
    let cases: &[(&[&str], i32, &str, &str)] = &[
        (&["v1.1.0..v1.0.0"], 2, "error: `v1.0.0` is an ancestor of `v1.1.0`, so the range is empty: the ends are swapped", "hint: did you mean `v1.0.0..v1.1.0`?"),
        (&["alone..v1.1.0"], 2, "error: `alone` and `v1.1.0` have no common ancestor", ""),
        (&["v1.0.0..v9.9.9"], 2, "error: the repository has no commit, tag or branch `v9.9.9`", "`git fetch --unshallow`"),
        (&["--start-sha", "123456", "--end-rev", "v1.1.0"], 2, "error: the repository has no commit, tag or branch `123456`", ""),
        (&[], 2, "error: the range has no start", "--discover minor-to-minor"),
        (&["v1.0.0"], 2, "error: `v1.0.0` is no range", "hint: write it as git does"),
        (&["a...b"], 2, "error: `a...b` is no range", ""),
        (&["--discover", "sideways"], 2, "error: invalid value 'sideways' for '--discover <MODE>'", "patch-to-latest"),
        (&["--discover", "patch-to-patch"], 2, "error: cannot discover the range patch-to-patch: `v1.1.0`", "hint: give the range itself"),
        (&[range, "--start-rev", "v1.0.0"], 2, "error: the argument '[START..END]' cannot be used with", ""),
        (&[range, "--template", "changelog", "--format", "json"], 2, "error: JSON has no template", ""),
        (&[range, "--template", &template], 2, "error: malformed template at line 1", ""),
        (&[range, "--template", "/nowhere"], 2, "error: cannot read `/nowhere`", ""),
        (&[range, "--template", ""], 2, "error: invalid value '' for '--template <TEMPLATE>': it is empty", ""),
        (&[range, "--profile", "/nowhere"], 2, "error: cannot read `/nowhere`", ""),
        (&[range, "--profile", &profile], 2, "error: ", "hint: mend `"),
        (&[range, "--maps-from", &maps], 2, &map_problem, "release-notes validate"),
        (&[range, "--maps-from", "/nowhere"], 2, "error: cannot read `/nowhere`\n  caused by: No such file or directory (os error 2)\n", ""),
        (&[range, "--suffix-era", "never"], 2, "error: `--suffix-era` is about the bytes of the original", "--strict"),
        (&[range, "--downloads", "/nowhere"], 2, "error: cannot read `/nowhere`", ""),
        (&[range, "--repo", &empty], 2, "error: cannot open the repository `", "hint: name the repository with `--repo PATH` or `--repo URL`"),
        (&[range, "--repo", "ftp://example.invalid/x"], 2, "error: remote `ftp://example.invalid/x` is refused: its scheme is none of file, https, http, ssh\n", ""),
        (&[range, "--repo", "https://user:word@example.invalid/x"], 2, "error: ", ""),
        (&[range, "--repo", "https://example.invalid/a/b", "--no-fetch"], 2, "error: there is no mirror of `https://example.invalid/a/b` yet", "hint: leave `--no-fetch` out"),
        (&["HEAD~1..HEAD", "--repo", &shallow], 2, "error: the repository has no commit, tag or branch `HEAD~1`", "`git fetch --unshallow`"),
        (&["v1.1.0..", "--repo", &shallow, "--skip-first-commit", "--branch", "main", "--start-rev", "x"], 2, "error: ", ""),
    ];
    for (args, code, error, hint) in cases {
        let out = home.join("out.md");
        let all = [&["generate", "--titles", "-o", text(&out)], *args].concat();
        let found = seen(bare(home, &all).current_dir(world.path()));
        assert_eq!(found.code, *code, "{args:?}\n{}", found.err);
        assert!(found.err.starts_with(error), "{args:?}: wanted {error:?}\n{}", found.err);
        assert!(found.err.contains(hint), "{args:?}: wanted {hint:?}\n{}", found.err);
        assert!(!found.err.contains("word@"), "{}", found.err);
        assert!(found.out.is_empty() && !out.exists(), "{args:?} wrote something: {}", found.out);
    }
}

#[test]
fn a_shallow_clone_loses_no_note_in_silence() {
    let mut world = GitWorld::new("main");
    for number in 1..6 {
        world.squash_pull(number, "Change");
    }
    git(
        world.folder(),
        &["clone", "--quiet", "--depth", "3", &format!("file://{}", world.path().display()), "shallow"],
    );
    let run = |range: &str| {
        seen(bare(world.folder(), &["generate", range, "--titles"]).current_dir(world.folder().join("shallow")))
    };
    // Two commits on top of the end of history: all that is asked for is there.
    assert_eq!(run("HEAD~1..HEAD").exits(0).out.matches("- Change (#").count(), 1);
    let first = world.git(&["rev-list", "--max-parents=0", "HEAD"]);
    assert!(run(&format!("{first}..HEAD")).exits(2).err.contains("unshallow"));
    world.commit("Another line");
}

#[test]
fn no_repository_on_github() {
    let world = history();
    let found = seen(bare(world.folder(), &["generate", "v1.0.0..v1.1.0"]).current_dir(world.path())).exits(2);
    assert_eq!(
        found.err,
        "error: it is not known which repository on GitHub this is\nhint: name it with `--github OWNER/NAME`\n"
    );
    let found = seen(bare(world.folder(), &["generate", "v1.0.0..", "--github", "nonsense"]).current_dir(world.path()));
    assert!(found.exits(2).err.starts_with("error: invalid value 'nonsense' for '--github <OWNER/NAME>'"));
    let mut at = bare(world.folder(), &["generate", "v1.0.0..", "--titles"]);
    let found = seen(at.current_dir(world.path()).env("SOURCE_DATE_EPOCH", "today")).exits(2);
    assert!(found.err.starts_with("error: `SOURCE_DATE_EPOCH` is `today`, not a number of seconds"), "{}", found.err);
}

#[test]
fn the_host_of_the_remote_is_asked_or_nobody() {
    let world = history();
    world.git(&["remote", "add", "origin", "x"]);
    let (gitlab, ghe) = ("https://gitlab.example.invalid/a/b", "git@ghe.example.invalid:a/b.git");
    let (range, api) = (["generate", "v1.0.0..v1.1.0"], "https://ghe.example.invalid/api/v3");
    let other = "error: the repository is on `";
    #[rustfmt::skip]
    let cases: &[(&str, &[&str], i32, &str)] = &[
        (gitlab, &[], 2, "error: the repository is on `gitlab.example.invalid`, and the GitHub that would be asked is `github.com`\n"),
        (gitlab, &["--github-api", "http://127.0.0.1:1"], 2, other),
        (gitlab, &["--github-api", api], 2, other),
        (gitlab, &["--replay", "."], 2, other),
        (ghe, &[], 2, other),
        (ghe, &[], 2, "hint: if `ghe.example.invalid` is a GitHub: `--github-api https://ghe.example.invalid/api/v3`\n"),
        (ghe, &[], 2, "hint: if its pull requests are in another repository: name that with `--github OWNER/NAME`\n"),
        ("https://github.com/a/b", &["--github-api", api], 2, other),
        ("https://octo.ghe.com/a/b", &["--github-api", "https://api.github.com"], 2, other),
        // These go on, to where nothing is recorded, or nobody answers.
        (ghe, &["--github-api", api, "--offline"], 2, "cannot get pull requests #1, #2 of `a/b`"),
        ("https://octo.ghe.com/a/b", &["--github-api", "https://api.octo.ghe.com", "--offline"], 2, "cannot get pull requests"),
        ("git@GitHub.com:a/b", &["--offline"], 2, "cannot get pull requests"),
        ("https://github.com/a/b", &["--github-api", "http://127.0.0.1:1"], 7, "no connection"),
        (gitlab, &["--github", "org/tool", "--github-api", "http://127.0.0.1:1"], 7, "no connection"),
        (gitlab, &["--github", "org/tool", "--offline"], 2, "cannot get pull requests #1, #2 of `org/tool`"),
    ];
    for (remote, args, code, error) in cases {
        world.git(&["remote", "set-url", "origin", remote]);
        let mut command = bare(world.folder(), &[&range[..], args].concat());
        let found = seen(command.current_dir(world.path()).env("GITHUB_TOKEN", "x"));
        assert_eq!(found.code, *code, "{remote} {args:?}: {}", found.err);
        assert!(found.err.contains(error), "{remote} {args:?}: {}", found.err);
        assert_eq!(found.out, "", "{remote} {args:?}");
    }
    world.git(&["remote", "set-url", "origin", gitlab]);
    let run = |args: &[&str]| {
        seen(bare(world.folder(), args).current_dir(world.path()).env("GITHUB_TOKEN", "x").env("GITHUB_API_URL", api))
    };
    assert!(run(&["check", "--pr", "1"]).exits(2).err.starts_with(other));
    let titles = run(&[&range[..], &["--titles"]].concat()).exits(0);
    assert!(titles.out.contains("- Mend the pump ([#1](https://gitlab.example.invalid/a/b/pull/1))"), "{}", titles.out);
}

#[test]
fn options_that_are_gone_say_why() {
    let home = tempfile::tempdir().unwrap();
    for (flag, why) in [
        ("--required-author", "the pull request decides"),
        ("--release-bucket", "`--download-prefix URL`"),
        ("--github-upload-url", "`--github-api URL`"),
    ] {
        for verb in [&["generate"][..], &[]] {
            let found = seen(&mut bare(home.path(), &[verb, &[flag, "x", "--start-rev", "a"]].concat())).exits(2);
            assert!(found.err.contains("no such option any more") && found.err.contains(why), "{flag}: {}", found.err);
        }
    }
}

#[test]
fn a_manifest_that_is_broken() {
    let world = history();
    fs::write(world.path().join("go.mod"), "module x\n\nrequire (\n").unwrap();
    world.git(&["add", "go.mod"]);
    world.git(&["commit", "--quiet", "-m", "Break it (#9)"]);
    let run = |args: &[&str]| {
        let args = [&["generate", "v1.0.0..main", "--titles"], args].concat();
        seen(bare(world.folder(), &args).current_dir(world.path()))
    };
    let found = run(&[]).exits(2);
    assert!(found.err.contains("go.mod") && found.err.contains("hint: `--no-dependencies` leaves"), "{}", found.err);
    run(&["--no-dependencies"]).exits(0);
}

#[test]
fn no_verb() {
    let home = tempfile::tempdir().unwrap();
    let found = seen(&mut bare(home.path(), &[])).exits(2);
    assert!(found.err.contains("Usage: release-notes [OPTIONS] <COMMAND>"), "{}", found.err);
    let found = seen(&mut bare(home.path(), &["generat"])).exits(2);
    assert!(
        found.err.contains("unrecognized subcommand 'generat'") && found.err.contains("'generate'"),
        "{}",
        found.err
    );
}
