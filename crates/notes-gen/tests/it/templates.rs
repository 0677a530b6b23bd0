use notes_gen::changelog::{DownloadFile, Downloads};
use notes_gen::{
    CHANGELOG_TEMPLATE, DEFAULT_TEMPLATE, Document, Layout, MAX_TEMPLATE, Notes, Profile, RenderOptions, Template,
    TemplateError, TemplateName, render,
};

use crate::rendering::{document, full};

fn rendered(template: &str, document: &Document) -> Result<String, TemplateError> {
    Template::parse(template)?.render(document, &Profile::default())
}

#[test]
fn the_built_in_templates_write_what_the_renderer_writes() {
    let mut bare = Document::new("v1.2.3", Notes::new());
    let mut only_files = bare.clone();
    let file = DownloadFile::new("tool.tar.gz", "ab".repeat(64)).unwrap();
    only_files.downloads = Some(Downloads::by_name("https://dl.example".parse().unwrap(), "tool", [file]));
    bare.dependencies = Some("## Dependencies\n\n### Added\n_Nothing has changed._\n".into());
    for (name, document) in [("full", full()), ("notes", document()), ("bare", bare), ("only files", only_files)] {
        for (template, layout) in [(DEFAULT_TEMPLATE, Layout::StandAlone), (CHANGELOG_TEMPLATE, Layout::Changelog)] {
            let expected = render(&document, &RenderOptions::new(layout));
            assert_eq!(rendered(template, &document).unwrap(), expected, "{name}, {layout:?}");
        }
    }
}

#[test]
fn templates_see_records_and_finished_strings() {
    let cases = [
        ("versions", "{{document.current}} after {{document.previous}}", "v1.2.3 after v1.2.2"),
        (
            "records",
            "{{#each document.kinds}}{{heading}}#{{anchor heading}}:{{#each notes}} {{pr_number}} by {{author}} ({{sig_list sigs}}) {{pr_url}}{{#each documentation}} {{type}}={{url}}{{/each}}\n{{/each}}{{/each}}",
            "Feature#feature: 9 by someone (SIG API Machinery) https://github.com/example/project/pull/9\n\
             Bug or Regression#bug-or-regression: 3 by someone (SIG API Machinery) https://github.com/example/project/pull/3 KEP=https://github.com/kubernetes/enhancements/tree/x",
        ),
        ("urgent", "{{#each document.urgent}}{{pr_number}}{{#if action_required}}!{{/if}}{{/each}}", "20!"),
        (
            "finished",
            "{{#each document.kinds}}{{#each notes}}{{#if (eq pr_number 9)}}* {{indent markdown 4}}{{/if}}{{/each}}{{/each}}",
            "* Add a feature:\n      - with a list\n      - of two ([#9](https://github.com/example/project/pull/9), [@someone](https://github.com/someone)) [SIG API Machinery]",
        ),
        ("twins", "{{#each document.kinds.1.notes}}{{#each pulls}}{{number}} {{/each}}{{/each}}", "3 4"),
        (
            "cves",
            "{{#each document.cves}}{{id}} {{rating}} {{score}}\n{{/each}}",
            "CVE-2026-999 Medium 6.1\nCVE-2026-1000 Critical 9.8",
        ),
        (
            "downloads",
            "{{#each document.downloads}}{{heading}}:{{#each files}} {{name}} {{url}}{{/each}}{{/each}}",
            "Source Code: tool.tar.gz https://dl.example/v1.2.3/tool.tar.gz",
        ),
        (
            "images",
            "{{#each document.images}}{{name}} {{url}}{{#each architectures}} {{name}}{{/each}}{{/each}}",
            "registry.example/tool:v1.2.3 https://images.example/tool amd64 arm64",
        ),
        (
            "helpers",
            "{{pretty_kind \"api-change\"}} {{anchor \"(A b)\"}} {{escape \"[a]\"}} {{indent \"a\\nb\"}}",
            "API Change a-b \\[a\\] a\n  b",
        ),
        (
            "no escaping",
            "{{document.words.urgent}} <b> & {{#each document.cves}}{{title}}{{/each}}",
            "Urgent Upgrade Notes <b> & a way into <everything>a way into <everything>",
        ),
    ];
    for (name, template, expected) in cases {
        let ours = rendered(template, &full());
        assert_eq!(ours.as_deref(), Ok(expected), "{name}");
        assert_eq!(ours, rendered(template, &full()), "{name}");
    }
}

#[test]
fn bad_templates_are_refused_with_their_place() {
    let nested = "{{#if document}}".repeat(100_000);
    let nested = &nested[..MAX_TEMPLATE];
    let brackets = format!("{{{{a {}}}}}", "(".repeat(100_000));
    let lists = format!("{{{{a {}}}}}", "[".repeat(100_000));
    let chain = format!("{{{{#if a}}}}{}{{{{/if}}}}", "{{else if a}}".repeat(10_000));
    let backslashes = "\\".repeat(200_000);
    #[rustfmt::skip]
    let cases = [
        ("not closed", "a\n  {{#if document}}", "malformed template at line 2, column "),
        ("other closed", "{{#if document}}\n{{/each}}", "malformed template at line 2, column "),
        ("unknown name", "a\n{{document.nothing}}", "cannot render the template at line 2, column "),
        ("unknown name below", "{{#each document.kinds}}\n{{heding}}{{/each}}", "cannot render the template at line 2, column "),
        ("unknown helper", "{{document.version}} {{shout document.version}}", "cannot render the template at line 1, column "),
        ("helper without text", "{{anchor}}", "cannot render the template at line 1, column "),
        ("partial", "a\n{{> document}}", "malformed template at line 2, column 1: partials"),
        ("partial in itself", "{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}", "malformed template at line 1, column 1: partials"),
        ("partial in a block", "{{#if document}}\n x{{else}}{{#> a}}{{/a}}{{/if}}", "malformed template at line 2, column 11: partials"),
        ("deep", nested, "malformed template at line 1, column 1025: too deeply nested"),
        ("brackets", &brackets, "malformed template at line 1, column 1: too deeply nested"),
        ("lists", &lists, "malformed template at line 1, column 1: too deeply nested"),
        ("chain", &chain, "malformed template at line 1, column "),
        ("backslashes", &backslashes, "malformed template at line 1, column 1: too many backslashes in a row"),
    ];
    for (name, template, expected) in cases {
        let error = rendered(template, &full()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{name}: {error}");
        assert!(!error.contains('\n'), "{name}: {error}");
    }
    let long = " ".repeat(MAX_TEMPLATE + 1);
    assert_eq!(Template::parse(&long).err(), Some(TemplateError::TooLarge { bytes: MAX_TEMPLATE + 1 }));
    let text = "x".repeat(200_000);
    let endless = format!(
        "{{{{#each document.kinds}}}}{{{{#each notes}}}}{{{{#each ../notes}}}}{text}{{{{/each}}}}{{{{/each}}}}{{{{/each}}}}"
    );
    let many = (1..=20).map(|n| notes_gen::Note::new(crate::number(n), n.to_string()));
    assert_eq!(rendered(&endless, &Document::new("v1", many.collect())), Err(TemplateError::Endless));
}

#[test]
fn names_of_templates() {
    for (name, expected) in [
        ("default", TemplateName::Default),
        ("changelog", TemplateName::Changelog),
        ("inline:{{a}}", TemplateName::Inline("{{a}}".into())),
        ("notes.hbs", TemplateName::File("notes.hbs".into())),
    ] {
        assert_eq!(TemplateName::parse(name), expected);
    }
}
