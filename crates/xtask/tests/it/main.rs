//! The rules of this workspace, held against this workspace.

use xtask::{files, layers, workspace};

#[test]
fn nobody_depends_upward_or_sideways() {
    let workspace = workspace().unwrap();
    assert!(workspace.iter().any(|package| package.name == "release-journal"), "cargo metadata lists our packages");
    let wrong = layers::check(&workspace);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_package_has_what_it_needs() {
    let wrong: Vec<String> = workspace().unwrap().iter().flat_map(|package| files::check(package).unwrap()).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
