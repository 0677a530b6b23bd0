//! The closed word lists of `release-version` as values of arguments: listed in help and completions.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use release_version::UnknownWord;

/// Reads one of `words`.
pub(crate) fn words<T>(words: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = UnknownWord> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}
