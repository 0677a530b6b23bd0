//! Numbers of pull requests are those that stand in a message, and only its first line names the commit's own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use notes_gen::pull_numbers;

fuzz_target!(|message: &str| {
    let found = pull_numbers(message);
    let subject = message.lines().next().unwrap_or_default();
    let stands = |number: &notes_gen::PullNumber| subject.contains(&number.to_string());
    assert!(found.own.iter().chain(&found.origins).all(stands), "{found:?}");
    assert_eq!(found.own.is_some(), found.form.is_some());
    let alone = pull_numbers(subject);
    assert_eq!((alone.own, &alone.head, &alone.origins), (found.own, &found.head, &found.origins));
});
