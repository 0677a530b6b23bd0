//! What a template may not hold, so that a text of a few thousand brackets cannot bring the reader down.

use handlebars::Template;
use handlebars::template::TemplateElement;

use super::TemplateError;

/// How deep blocks, and brackets within one expression, may be nested.
const MAX_DEPTH: usize = 64;
/// How many `{{else if …}}` there may be; each is a block within the one before it.
const MAX_CHAINED: usize = 256;

/// How many backslashes there may be in a row: the reader looks at the rest of them again at each.
const MAX_BACKSLASHES: usize = 256;

/// Looks at the text before the recursive reader does.
pub(super) fn check_depth(text: &str) -> Result<(), TemplateError> {
    if let Some(at) = text.find(&"\\".repeat(MAX_BACKSLASHES + 1)) {
        return Err(malformed(text, at, "too many backslashes in a row"));
    }
    let (mut blocks, mut chained) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(found) = text[at..].find("{{") {
        let start = at + found;
        let inner = text[start..].trim_start_matches(['{', '~']);
        if inner.starts_with('#') || (inner.starts_with('^') && !inner.starts_with("^}") && !inner.starts_with("^~")) {
            blocks += 1;
        } else if inner.starts_with('/') {
            blocks = blocks.saturating_sub(1);
        } else if inner.trim_start().starts_with("else") {
            chained += 1;
        }
        let end = inner.find("}}").unwrap_or(inner.len());
        let mut brackets = 0_usize;
        for byte in inner[..end].bytes() {
            match byte {
                b'(' | b'[' | b'{' => brackets += 1,
                b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            if brackets > MAX_DEPTH {
                break;
            }
        }
        let opened = text[start..].len() - inner.len();
        if blocks > MAX_DEPTH || brackets > MAX_DEPTH || opened > MAX_DEPTH || chained > MAX_CHAINED {
            return Err(malformed(text, start, "too deeply nested"));
        }
        at = start + opened + end;
    }
    Ok(())
}

/// Refuses partials: with one that includes itself, rendering would not end.
pub(super) fn check_elements(template: &Template, text: &str) -> Result<(), TemplateError> {
    for element in &template.elements {
        match element {
            TemplateElement::DecoratorExpression(_)
            | TemplateElement::DecoratorBlock(_)
            | TemplateElement::PartialExpression(_)
            | TemplateElement::PartialBlock(_) => {
                let mut places = text.match_indices("{{").map(|(at, _)| at);
                let is_partial = |at: &usize| {
                    let inner = text[*at..].trim_start_matches(['{', '~', '#']);
                    inner.starts_with(['>', '*'])
                };
                let at = places.find(is_partial).unwrap_or_default();
                return Err(malformed(text, at, "partials and decorators are not known here"));
            }
            TemplateElement::HelperBlock(helper) => {
                for inner in [&helper.template, &helper.inverse].into_iter().flatten() {
                    check_elements(inner, text)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn malformed(text: &str, at: usize, message: &str) -> TemplateError {
    let above = &text[..at];
    let line = above.matches('\n').count() + 1;
    let column = above.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    TemplateError::Malformed { line, column, message: message.to_owned() }
}
