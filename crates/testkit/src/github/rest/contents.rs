//! Files of a repository, read and written by commits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Answered, Call, Reply, not_found, shape};
use crate::github::walk::Entry;
use crate::github::world::object_id;

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answered {
    match (call.method, rest) {
        ("GET", ["contents", path @ ..]) => read(call, &path.join("/")),
        ("GET", ["readme"]) => {
            let all = ["README.md", "README", "readme.md"];
            all.iter().find_map(|name| read(call, name).ok()).ok_or_else(not_found)
        }
        ("PUT" | "DELETE", ["contents", path @ ..]) => write(call, &path.join("/")),
        _ => Err(call.unanswered()),
    }
}

/// A file without its content.
fn entry(call: &Call<'_>, path: &str, kind: &str, sha: &str, size: usize) -> Value {
    let revision = call.query.get("ref").cloned().unwrap_or_else(|| call.repository().default_branch.clone());
    let url = format!("{}/repos/{}/contents/{path}?ref={revision}", call.base, call.key);
    let git = format!("{}/repos/{}/git/{}s/{sha}", call.base, call.key, if kind == "file" { "blob" } else { "tree" });
    let html = format!("{}/{}/blob/{revision}/{path}", call.world.pages, call.key);
    json!({
        "type": kind, "name": path.rsplit('/').next(), "path": path, "sha": sha, "size": size, "url": url, "git_url": git,
        "html_url": html, "download_url": (kind == "file").then(|| format!("{html}?raw=true")),
        "_links": { "self": url, "git": git, "html": html },
    })
}

fn read(call: &Call<'_>, path: &str) -> Answered {
    let repository = call.repository();
    let revision = call.query.get("ref").map_or("HEAD", String::as_str);
    let missing = || Reply::error(404, &format!("No commit found for the ref {revision}"));
    let sha = repository.resolve(revision).ok_or_else(missing)?;
    if let Some((id, bytes)) = repository.file(sha, path) {
        if call.accept.contains(".raw") {
            return Ok(Reply::bytes("application/vnd.github.raw; charset=utf-8", bytes));
        }
        let mut value = entry(call, path, "file", &id, bytes.len());
        // Above a megabyte there is no content, and the encoding says so.
        let small = bytes.len() <= 1 << 20;
        value["encoding"] = json!(if small { "base64" } else { "none" });
        value["content"] = json!(if small { lines(&STANDARD.encode(&bytes)) } else { String::new() });
        return Ok(Reply::json(200, value));
    }
    let folder = repository.folder(sha, path).ok_or_else(not_found)?;
    let entries = folder.into_iter().map(|(name, kind)| {
        let path = if path.is_empty() { name } else { format!("{path}/{name}") };
        match kind {
            Entry::File => {
                let (id, bytes) = repository.file(sha, &path).unwrap_or_default();
                entry(call, &path, "file", &id, bytes.len())
            }
            Entry::Folder => entry(call, &path, "dir", &object_id(&["tree", sha, &path]), 0),
        }
    });
    Ok(Reply::json(200, Value::Array(entries.collect())))
}

/// Base64 as GitHub writes it: with a line break after every sixty letters.
fn lines(text: &str) -> String {
    let mut broken = String::with_capacity(text.len() + text.len() / 60 + 1);
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % 60 == 0 {
            broken.push('\n');
        }
        broken.push(letter);
    }
    broken.push('\n');
    broken
}

fn write(call: &mut Call<'_>, path: &str) -> Answered {
    let repository = call.repository();
    let branch = call.text("branch").unwrap_or(&repository.default_branch).to_owned();
    let head = repository.refs.get(&format!("refs/heads/{branch}"));
    if head.is_none() && !repository.refs.is_empty() {
        return Err(Reply::error(404, &format!("Branch {branch} not found")));
    }
    let old = head.and_then(|sha| repository.file(sha, path)).map(|(id, _)| id);
    match (call.text("sha"), &old) {
        (given, Some(old)) if given == Some(old.as_str()) => {}
        (None, None) if call.method == "PUT" => {}
        (None, Some(_)) => return Err(Reply::error(422, "Invalid request.\n\n\"sha\" wasn't supplied.")),
        (Some(given), _) => return Err(Reply::error(409, &format!("{path} does not match {given}"))),
        (None, None) => return Err(not_found()),
    }
    let message = call.text("message").unwrap_or_default().to_owned();
    let content = match (call.method, call.text("content")) {
        ("PUT", Some(text)) => {
            let packed: String = text.split_ascii_whitespace().collect();
            let wrong = |_not_base64| Reply::error(422, "content is not valid Base64");
            Some(STANDARD.decode(packed).map_err(wrong)?)
        }
        _ => None,
    };
    call.world.tick();
    let written = call.repository_mut().write_file(&branch, &message, path, content.as_deref());
    let sha = written.map_err(|()| Reply::error(409, "the branch could not be moved"))?;
    let repository = call.repository();
    let commit = repository.commits.get(&sha).ok_or_else(not_found)?;
    let file = repository.file(&sha, path).map(|(id, bytes)| entry(call, path, "file", &id, bytes.len()));
    let body = json!({ "content": file, "commit": shape::git_commit(call, repository, commit) });
    Ok(Reply::json(if old.is_none() { 201 } else { 200 }, body))
}
