//! Releases and their files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answered, Call, Reply, decode, invalid, not_found, shape};
use crate::github::graphql::latest;
use crate::github::releases::{Asset, Latest, Release, Stability, Visibility};
use crate::github::state::{Received, State};
use crate::github::world::Role;

pub(super) fn answer(call: &mut Call<'_>, rest: &[&str]) -> Answered {
    match (call.method, rest) {
        ("GET", ["releases"]) => {
            let repository = call.repository();
            let mut all: Vec<&Release> = repository.releases.values().filter(|one| visible(call, one)).collect();
            all.sort_by(|a, b| (&b.created_at, b.id).cmp(&(&a.created_at, a.id)));
            Ok(call.page(all.into_iter().map(|release| shape::release(call, repository, release)).collect::<Vec<_>>()))
        }
        ("POST", ["releases"]) => create(call),
        ("GET", ["releases", "latest"]) => {
            let id = latest(call.repository()).ok_or_else(not_found)?.id;
            show(call, id, 200)
        }
        ("GET", ["releases", "tags", tag @ ..]) => {
            let tag = tag.join("/");
            let published = |one: &&Release| one.tag == tag && one.visibility == Visibility::Published;
            let id = call.repository().releases.values().find(published).ok_or_else(not_found)?.id;
            show(call, id, 200)
        }
        (_, ["releases", "assets", id]) => one_asset(call, Call::number(id)?),
        ("GET", ["releases", id]) => show(call, Call::number(id)?, 200),
        ("PATCH", ["releases", id]) => update(call, Call::number(id)?),
        ("DELETE", ["releases", id]) => {
            call.repository_mut().releases.remove(&Call::number(id)?).ok_or_else(not_found)?;
            Ok(Reply::empty(204))
        }
        ("GET", ["releases", id, "assets"]) => {
            let (repository, release) = (call.repository(), find(call, Call::number(id)?)?);
            let assets = release.assets.iter().map(|asset| shape::asset(call, repository, release, asset));
            Ok(call.page(assets.collect::<Vec<_>>()))
        }
        ("POST", ["releases", id, "assets"]) => upload(call, Call::number(id)?),
        _ => Err(call.unanswered()),
    }
}

fn visible(call: &Call<'_>, release: &Release) -> bool {
    release.visibility == Visibility::Published || call.role() >= Role::Write
}

fn find<'a>(call: &'a Call<'_>, id: u64) -> Result<&'a Release, Reply> {
    call.repository().releases.get(&id).filter(|release| visible(call, release)).ok_or_else(not_found)
}

fn show(call: &Call<'_>, id: u64, status: u16) -> Answered {
    Ok(Reply::json(status, shape::release(call, call.repository(), find(call, id)?)))
}

/// Changes what the body names.
fn apply(release: &mut Release, change: &Value, now: &str) {
    let text = |name: &str| change[name].as_str().map(str::to_owned);
    release.tag = text("tag_name").unwrap_or_else(|| release.tag.clone());
    release.target = text("target_commitish").unwrap_or_else(|| release.target.clone());
    for (name, field) in [("name", &mut release.name), ("body", &mut release.body)] {
        if let Some(value) = change.get(name) {
            *field = value.as_str().map(str::to_owned);
        }
    }
    match change["prerelease"].as_bool() {
        Some(true) => release.stability = Stability::Prerelease,
        Some(false) => release.stability = Stability::Stable,
        None => {}
    }
    match change["make_latest"].as_str() {
        Some("true") => release.latest = Latest::Yes,
        Some("false") => release.latest = Latest::No,
        Some(_) => release.latest = Latest::ByDate,
        None => {}
    }
    match change["draft"].as_bool() {
        Some(true) => (release.visibility, release.published_at) = (Visibility::Draft, None),
        Some(false) if release.visibility == Visibility::Draft => {
            (release.visibility, release.published_at) = (Visibility::Published, Some(now.to_owned()));
        }
        _ => {}
    }
}

/// What publishing demands: one release a tag, and a tag, which is made where it is not there.
fn publish(call: &mut Call<'_>, release: &Release) -> Result<(), Reply> {
    if release.visibility == Visibility::Draft {
        return Ok(());
    }
    let repository = call.repository_mut();
    let published = |one: &&Release| one.id != release.id && one.visibility == Visibility::Published;
    if repository.releases.values().filter(published).any(|one| one.tag == release.tag) {
        return Err(invalid("Release", "tag_name", "already_exists"));
    }
    let name = format!("refs/tags/{}", release.tag);
    if !repository.refs.contains_key(&name) {
        let missing = || invalid("Release", "target_commitish", "invalid");
        let sha = repository.resolve(&release.target).ok_or_else(missing)?.to_owned();
        repository.write_ref(&name, Some(&sha)).map_err(|()| missing())?;
    }
    if release.latest == Latest::Yes {
        let others = repository.releases.values_mut().filter(|one| one.id != release.id && one.latest == Latest::Yes);
        others.for_each(|one| one.latest = Latest::ByDate);
    }
    Ok(())
}

fn create(call: &mut Call<'_>) -> Answered {
    let (change, who, now) = (call.body.clone(), call.who(), call.world.tick());
    let repository = call.repository_mut();
    let id = repository.next_id();
    let mut release = Release::new(id, "", &repository.default_branch, &now);
    (release.name, release.author) = (None, Some(who));
    apply(&mut release, &change, &now);
    publish(call, &release)?;
    call.repository_mut().releases.insert(id, release);
    show(call, id, 201)
}

fn update(call: &mut Call<'_>, id: u64) -> Answered {
    let mut release = find(call, id)?.clone();
    let (change, now) = (call.body.clone(), call.world.tick());
    apply(&mut release, &change, &now);
    publish(call, &release)?;
    call.repository_mut().releases.insert(id, release);
    show(call, id, 200)
}

fn upload(call: &mut Call<'_>, id: u64) -> Answered {
    let name = call.query.get("name").cloned().unwrap_or_default();
    if find(call, id)?.assets.iter().any(|asset| asset.name == name) {
        return Err(invalid("ReleaseAsset", "name", "already_exists"));
    }
    if call.content_type.is_empty() {
        return Err(Reply::error(400, "Bad Content-Type"));
    }
    let (now, who, bytes) = (call.world.tick(), call.who(), call.bytes.to_vec());
    let (kind, label) = (call.content_type.to_owned(), call.query.get("label").cloned());
    let asset_id = call.repository_mut().next_id();
    let mut asset = Asset::new(asset_id, &name, &kind, bytes, &now);
    (asset.label, asset.uploader) = (label, Some(who));
    call.repository_mut().releases.get_mut(&id).ok_or_else(not_found)?.assets.push(asset);
    let (repository, release) = (call.repository(), find(call, id)?);
    let asset = release.assets.last().ok_or_else(not_found)?;
    Ok(Reply::json(201, shape::asset(call, repository, release, asset)))
}

fn one_asset(call: &mut Call<'_>, id: u64) -> Answered {
    let repository = call.repository();
    let releases = repository.releases.values().filter(|release| visible(call, release));
    let mut all = releases.flat_map(|release| release.assets.iter().map(move |asset| (release, asset)));
    let (release, asset) = all.find(|(_, asset)| asset.id == id).ok_or_else(not_found)?;
    match call.method {
        "GET" if call.accept.contains("application/octet-stream") => {
            let place = format!("{}/{}/releases/assets/{id}?signed=yes", call.files, call.key);
            Ok(Reply { status: 302, ..Reply::bytes("text/html; charset=utf-8", Vec::new()) }.with("location", place))
        }
        "GET" => Ok(Reply::json(200, shape::asset(call, repository, release, asset))),
        "DELETE" => {
            let release = release.id;
            let release = call.repository_mut().releases.get_mut(&release).ok_or_else(not_found)?;
            release.assets.retain(|asset| asset.id != id);
            Ok(Reply::empty(204))
        }
        "PATCH" => {
            let (release, change) = (release.id, call.body.clone());
            let asset = call.repository_mut().releases.get_mut(&release).ok_or_else(not_found)?.assets.iter_mut();
            let asset = asset.into_iter().find(|asset| asset.id == id).ok_or_else(not_found)?;
            asset.name = change["name"].as_str().map_or_else(|| asset.name.clone(), str::to_owned);
            asset.label = change["label"].as_str().map(str::to_owned).or_else(|| asset.label.take());
            let (repository, release) = (call.repository(), find(call, release)?);
            let asset = release.assets.iter().find(|asset| asset.id == id).ok_or_else(not_found)?;
            Ok(Reply::json(200, shape::asset(call, repository, release, asset)))
        }
        _ => Err(call.unanswered()),
    }
}

/// The content of a release file, from the place where GitHub keeps them. A token has no business there.
pub(in crate::github) fn download(state: &mut State, request: &Received) -> Reply {
    if request.header("authorization").is_some() {
        state.violate(format!("`{} {}` sent a token to the host of release files", request.method, request.target));
        return Reply::error(400, "Only one auth mechanism allowed");
    }
    let query: BTreeMap<&str, &str> = request
        .target
        .split_once('?')
        .into_iter()
        .flat_map(|(_, query)| query.split('&'))
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let parts: Vec<String> = request.path().trim_matches('/').split('/').map(decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let repository = match parts[..] {
        [owner, name, "releases", ..] => state.world.find(&format!("{owner}/{name}")),
        _ => None,
    };
    let releases = || repository.into_iter().flat_map(|repository| repository.releases.values());
    let found = match parts[..] {
        [_, _, "releases", "assets", id] if query.contains_key("signed") => {
            releases().flat_map(|release| &release.assets).find(|asset| asset.id.to_string() == id)
        }
        [_, _, "releases", "download", tag, name] => releases()
            .filter(|release| release.tag == tag && release.visibility == Visibility::Published)
            .flat_map(|release| &release.assets)
            .find(|asset| asset.name == name),
        _ => None,
    };
    match found {
        Some(asset) if request.method == "GET" => Reply::bytes(&asset.content_type, asset.bytes.clone()),
        _ => not_found(),
    }
}
