use std::ops::ControlFlow;

use git_repo::{CommitRange, EntryKind, Error, GitRepo, Walk};
use testkit::{GitWorld, git, load_history};

use crate::support::{commit_id, object_id, open, small_world};

#[test]
fn revisions_refs_and_tags() {
    let world = small_world();
    let repo = open(&world);
    for revision in ["HEAD", "main", "v1.0.0", "light", "HEAD~1", "HEAD^2", "refs/tags/v1.0.0"] {
        let expected = world.git(&["rev-parse", &format!("{revision}^{{commit}}")]);
        assert_eq!(repo.resolve(revision).unwrap().to_string(), expected, "{revision}");
    }
    for revision in ["", "no-such", "-x", "HEAD^{tree}", "v1.0.0..main", &"0".repeat(40)] {
        let error = repo.resolve(revision).unwrap_err();
        assert!(matches!(error, Error::UnknownRevision { .. }), "{revision}: {error:?}");
    }

    let listing = world.git(&["for-each-ref", "--format=%(objectname) %(refname)"]);
    let ours: Vec<_> = repo.refs("").unwrap().iter().map(|(name, t)| format!("{} {name}", t.object)).collect();
    assert_eq!(ours.join("\n"), listing);
    for (prefix, count) in
        [("refs/", 4), ("refs/heads", 2), ("refs/heads/rel", 1), ("refs/tags/v", 1), ("refs/none/", 0)]
    {
        assert_eq!(repo.refs(prefix).unwrap().len(), count, "{prefix}");
    }
    assert!(repo.refs("../").is_err() || repo.refs("../").unwrap().is_empty());
    let tags = repo.tags().unwrap();
    let shown: Vec<_> = tags.iter().map(|tag| (tag.name.as_str(), tag.annotated)).collect();
    assert_eq!(shown, [("light", false), ("v1.0.0", true)]);
    assert_eq!(tags[1].commit, repo.resolve("v1.0.0").unwrap());
    assert_eq!(repo.object_of(&"refs/tags/v1.0.0".parse().unwrap()).unwrap(), Some(tags[1].object));
    assert_eq!(repo.object_of(&"refs/tags/none".parse().unwrap()).unwrap(), None);
    assert_eq!(repo.head_branch().unwrap().unwrap().as_str(), "refs/heads/main");
    world.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(repo.head_branch().unwrap(), None);
    // A new tag made by another program is seen by a handle that is open.
    world.git(&["pack-refs", "--all"]);
    world.tag("later");
    assert_eq!(repo.tags().unwrap().len(), 3);
}

#[test]
fn files_and_folders() {
    let world = small_world();
    let repo = open(&world);
    let head = repo.resolve("HEAD").unwrap();
    assert_eq!(repo.blob(head, "README.md", 100).unwrap().unwrap(), b"hello\n");
    assert_eq!(repo.blob(head, "docs/none.txt", 100).unwrap(), None);
    assert_eq!(repo.blob(head, "docs", 100).unwrap(), None);
    assert!(matches!(repo.blob(head, "README.md", 5), Err(Error::TooLarge { size: 6, limit: 5, .. })));
    let root: Vec<_> = repo.tree(head, "").unwrap().into_iter().map(|e| (e.name, e.kind)).collect();
    assert!(root.contains(&("docs".to_owned(), EntryKind::Folder)), "{root:?}");
    assert!(root.contains(&("run.sh".to_owned(), EntryKind::Executable)), "{root:?}");
    let docs = repo.tree(head, "docs").unwrap();
    assert_eq!(docs[0].object, object_id(&world.git(&["rev-parse", "HEAD:docs/a.txt"])));
    assert!(repo.tree(head, "none").unwrap().is_empty());
}

#[test]
fn commits_hold_what_git_shows() {
    let mut world = small_world();
    world.git(&["commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--message", "Subject\n\n\nBody é\n\n"]);
    world.commit("End");
    let repo = open(&world);
    let format = "%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x01";
    let expected = world.git(&["log", "--first-parent", &format!("--format={format}"), "HEAD"]);
    let expected: Vec<_> = expected.split('\x01').map(|entry| entry.trim_start_matches('\n')).collect();
    let commits = repo.commits(&CommitRange::of(repo.resolve("HEAD").unwrap()).first_parent()).unwrap();
    assert_eq!(commits.len(), expected.len() - 1);
    for (commit, expected) in commits.iter().zip(expected) {
        let parents: Vec<_> = commit.parents.iter().map(ToString::to_string).collect();
        let shown = [
            commit.id.to_string(),
            parents.join(" "),
            commit.author.name.clone(),
            commit.author.email.clone(),
            commit.author_time.as_second().to_string(),
            commit.committer.name.clone(),
            commit.committer.email.clone(),
            commit.committer_time.as_second().to_string(),
            commit.message.clone(),
        ];
        assert_eq!(shown.join("\0").trim_end(), expected.trim_end());
        assert_eq!(repo.commit(commit.id).unwrap(), *commit);
    }
}

#[test]
fn a_walk_can_be_broken_off() {
    let world = small_world();
    let repo = open(&world);
    let mut seen = 0;
    let range = CommitRange::of(repo.resolve("HEAD").unwrap());
    repo.for_each_commit(&range, |_| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(seen, 2);
}

/// A range with its names, as git is asked for it.
fn same_as_git(repo: &GitRepo, include: &[&str], exclude: &[&str], walk: Walk) {
    let resolve = |names: &[&str]| names.iter().map(|name| repo.resolve(name).unwrap()).collect::<Vec<_>>();
    let range = CommitRange { include: resolve(include), exclude: resolve(exclude), walk };
    let mut args = vec!["rev-list".to_owned()];
    args.extend((walk == Walk::FirstParent).then(|| "--first-parent".to_owned()));
    args.extend(range.include.iter().map(ToString::to_string));
    args.extend(range.exclude.iter().map(|id| format!("^{id}")));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let expected = git(repo.git_dir(), &args);
    let case = format!("{include:?} ^{exclude:?} {walk:?}");
    let ids: Vec<_> = repo.commit_ids(&range).unwrap().iter().map(ToString::to_string).collect();
    assert!(ids.join("\n") == expected, "{case}: {} here, {} by git", ids.len(), expected.lines().count());
    let mut walked = Vec::new();
    repo.for_each_commit(&range, |view| {
        walked.push(view.id().to_string());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(walked == ids, "{case}: order with messages differs");
    assert_eq!(repo.count(&range).unwrap(), ids.len(), "{case}");
}

#[test]
fn ranges_under_clocks_that_run_wrong() {
    // Branches whose commits are dated far before their parents, merged across each other.
    let world = GitWorld::new("main");
    let mut stream = String::new();
    let mut seed = 7u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for n in 1..=300u64 {
        let date = 1_700_000_000 + n * 100 - if random(8) == 0 { random(20_000) } else { 0 };
        stream.push_str(&format!("commit refs/heads/b{}\nmark :{n}\n", random(4)));
        stream.push_str(&format!("committer A <a@example.invalid> {date} +0000\ndata 2\nx\n"));
        if n > 1 {
            let first = n - 1 - random(n.min(6)).min(n - 2);
            stream.push_str(&format!("from :{first}\n"));
            if n > 5 && random(3) == 0 {
                stream.push_str(&format!("merge :{}\n", n - 1 - random(4)));
            }
        }
        stream.push('\n');
        if n % 10 == 0 {
            stream.push_str(&format!("reset refs/tags/t{n}\nfrom :{n}\n\n"));
        }
    }
    let file = world.folder().join("stream");
    std::fs::write(&file, stream).unwrap();
    let imported = testkit::git_command(world.path())
        .args(["fast-import", "--quiet", "--force"])
        .stdin(std::fs::File::open(&file).unwrap())
        .status()
        .unwrap();
    assert!(imported.success());

    let repo = open(&world);
    for graph in ["none", "commit-graph"] {
        if graph == "commit-graph" {
            world.git(&["commit-graph", "write", "--reachable"]);
        }
        for old in (10..300).step_by(10) {
            for new in [old + 10, 300, 150] {
                let (old, new) = (format!("t{old}"), format!("t{new}"));
                let range = CommitRange::between(repo.resolve(&old).unwrap(), repo.resolve(&new).unwrap());
                let mut ours: Vec<_> = repo.commit_ids(&range).unwrap().iter().map(ToString::to_string).collect();
                let mut theirs: Vec<_> =
                    world.git(&["rev-list", &new, &format!("^{old}")]).lines().map(str::to_owned).collect();
                ours.sort();
                theirs.sort();
                assert_eq!(ours, theirs, "{old}..{new}, {graph}");
            }
        }
    }
}

#[test]
fn a_shallow_clone_ends_where_it_was_cut() {
    let world = small_world();
    let source = format!("file://{}", world.path().display());
    let target = world.folder().join("shallow");
    git(world.folder(), &["clone", "--quiet", "--depth=2", &source, target.to_str().unwrap()]);
    let repo = GitRepo::open(&target).unwrap();
    same_as_git(&repo, &["HEAD"], &[], Walk::All);
    same_as_git(&repo, &["HEAD"], &["HEAD^1"], Walk::All);
}

#[tokio::test]
async fn real_histories_agree_with_git() {
    let mut checked = 0;
    for (name, ranges) in [
        ("release", &[("v0.10.0", "v0.16.0"), ("v0.16.0", "v0.10.0"), ("v0.4.0", "HEAD")][..]),
        ("cri-o", &[("v1.20.0", "v1.21.0"), ("v1.19.0", "v1.20.0")][..]),
        ("cluster-api", &[("v1.1.0", "v1.2.0")][..]),
    ] {
        let Some(history) = load_history(name) else {
            println!("skipped: history `{name}` is not here");
            continue;
        };
        let repo = GitRepo::open(history.path()).unwrap();
        for _graph in 0..2 {
            for (old, new) in ranges {
                if repo.resolve(old).is_err() || repo.resolve(new).is_err() {
                    println!("{name} has no {old} or {new}");
                    continue;
                }
                same_as_git(&repo, &[new], &[old], Walk::All);
                same_as_git(&repo, &[new], &[old], Walk::FirstParent);
                same_as_git(&repo, &[new, "HEAD"], &[old], Walk::All);
                let (old, new) = (repo.resolve(old).unwrap(), repo.resolve(new).unwrap());
                let base = git(repo.git_dir(), &["merge-base", &old.to_string(), &new.to_string()]);
                assert_eq!(repo.merge_base(old, new).unwrap().unwrap().to_string(), base, "{name}");
                let (base, tip) = (commit_id(&base), repo.resolve("HEAD").unwrap());
                assert!(repo.is_ancestor(base, new).unwrap());
                assert!(!repo.is_ancestor(tip, base).unwrap());
                checked += 1;
            }
            same_as_git(&repo, &["HEAD"], &[], Walk::All);
            same_as_git(&repo, &["HEAD"], &[], Walk::FirstParent);
            repo.write_commit_graph().await.unwrap();
        }
    }
    println!("{checked} ranges checked");
}

#[test]
fn describe_agrees_with_git() {
    let Some(history) = load_history("release") else {
        println!("skipped: history `release` is not here");
        return;
    };
    let repo = GitRepo::open(history.path()).unwrap();
    let commits = repo.commit_ids(&CommitRange::of(repo.resolve("HEAD").unwrap())).unwrap();
    let sample: Vec<_> = commits.iter().step_by(commits.len() / 60).collect();
    for (pattern, filter) in [("v*", "v"), ("v0.1*", "v0.1"), ("*", "")] {
        for commit in &sample {
            let expected = testkit::git_command(repo.git_dir())
                .args(["describe", "--tags", "--abbrev=14", "--match", pattern, &commit.to_string()])
                .output()
                .unwrap();
            let expected =
                expected.status.success().then(|| String::from_utf8_lossy(&expected.stdout).trim().to_owned());
            let ours = repo.describe(**commit, |tag| tag.starts_with(filter)).unwrap().map(|d| d.to_string());
            assert_eq!(ours, expected, "{commit} by {pattern}");
        }
    }
}

#[test]
fn describe_prefers_annotated_then_young_tags() {
    let mut world = GitWorld::new("main");
    world.commit("Start");
    world.tag("a-light");
    world.tag("b-light");
    let repo = open(&world);
    let described = |filter: fn(&str) -> bool| {
        let head = repo.resolve("HEAD").unwrap();
        repo.describe(head, filter).unwrap().map(|d| d.to_string())
    };
    assert_eq!(described(|_| true).unwrap(), world.git(&["describe", "--tags"]));
    assert_eq!(described(|_| true).unwrap(), "a-light");
    world.annotated_tag("old", "x");
    world.annotated_tag("young", "x");
    assert_eq!(described(|_| true).unwrap(), world.git(&["describe", "--tags"]));
    assert_eq!(described(|_| true).unwrap(), "young");
    assert_eq!(described(|tag| tag == "b-light").unwrap(), "b-light");
    assert_eq!(described(|_| false), None);
    world.commit("More");
    assert_eq!(described(|_| true).unwrap(), world.git(&["describe", "--tags", "--abbrev=14"]));
}

#[test]
fn remotes_and_symbolic_refs() {
    let mut world = GitWorld::new("main");
    world.commit("Start");
    let repo = open(&world);
    assert_eq!(repo.remote_url("origin"), None);
    let head: git_repo::RefName = "refs/remotes/origin/HEAD".parse().unwrap();
    assert_eq!(repo.symbolic_target(&head).unwrap(), None);
    world.git(&["remote", "add", "origin", "https://example.invalid/a/b.git"]);
    world.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    let repo = open(&world);
    assert_eq!(repo.remote_url("origin").unwrap(), "https://example.invalid/a/b.git");
    assert_eq!(repo.symbolic_target(&head).unwrap().unwrap().as_str(), "refs/remotes/origin/trunk");
    assert_eq!(repo.symbolic_target(&"refs/heads/main".parse().unwrap()).unwrap(), None, "a branch is no symbolic ref");
}
