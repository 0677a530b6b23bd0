//! Any text as a profile and as a template: read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use notes_gen::{Profile, Template, TemplateName};

fuzz_target!(|text: &str| {
    if let Ok(profile) = Profile::parse(text) {
        profile.heading("bug");
        profile.group_list(&["api-machinery", "cli"]);
    }
    if let TemplateName::Inline(template) = TemplateName::parse(&format!("inline:{text}")) {
        drop(Template::parse(&template));
    }
});
