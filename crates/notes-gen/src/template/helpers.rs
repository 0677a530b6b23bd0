use handlebars::{
    Context, Handlebars, Helper, HelperDef, JsonValue, RenderContext, RenderError, RenderErrorReason, ScopedJson,
};

use crate::Profile;
use crate::changelog::anchor;
use crate::inline::escape;

/// A helper that makes text of its first parameter.
struct TextHelper<F>(F);

impl<F: Fn(&Helper<'_>, &JsonValue) -> String + Send + Sync> HelperDef for TextHelper<F> {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let missing = || RenderErrorReason::ParamNotFoundForIndex("helper", 0);
        let given = helper.param(0).filter(|given| !given.is_value_missing()).ok_or_else(missing)?;
        Ok(ScopedJson::Derived((self.0)(helper, given.value()).into()))
    }
}

pub(super) fn register<'p>(registry: &mut Handlebars<'p>, profile: &'p Profile) {
    registry.unregister_helper("log");
    let text = |value: &JsonValue| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    registry.register_helper(
        "pretty_kind",
        Box::new(TextHelper(move |_: &Helper<'_>, kind: &JsonValue| profile.heading(&text(kind)))),
    );
    registry.register_helper(
        "sig_list",
        Box::new(TextHelper(move |_: &Helper<'_>, sigs: &JsonValue| {
            let sigs: Vec<String> = sigs.as_array().into_iter().flatten().map(text).collect();
            escape(&profile.group_list(&sigs))
        })),
    );
    registry.register_helper(
        "indent",
        Box::new(TextHelper(move |helper: &Helper<'_>, lines: &JsonValue| {
            let blanks = helper.param(1).and_then(|given| given.value().as_u64()).map_or(2, |blanks| blanks.min(16));
            text(lines).replace('\n', &format!("\n{:1$}", "", usize::try_from(blanks).unwrap_or(2)))
        })),
    );
    registry.register_helper(
        "anchor",
        Box::new(TextHelper(move |_: &Helper<'_>, title: &JsonValue| anchor(&text(title)).unwrap_or_default())),
    );
    registry
        .register_helper("escape", Box::new(TextHelper(move |_: &Helper<'_>, label: &JsonValue| escape(&text(label)))));
}
