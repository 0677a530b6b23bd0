//! Pages as one stream.

use futures::TryStreamExt;
use futures::stream::{iter, try_unfold};
use futures_core::Stream;

use crate::Error;

/// A stream over the items of pages; `fetch` gives a page and where the next one is. The next page is fetched when it is wanted.
pub(crate) fn paged<T, P, F>(first: P, fetch: impl Fn(P) -> F + Send) -> impl Stream<Item = Result<T, Error>> + Send
where
    T: Send,
    P: Send,
    F: Future<Output = Result<(Vec<T>, Option<P>), Error>> + Send,
{
    let pages = try_unfold(Some(first), move |place| {
        let page = place.map(&fetch);
        async move {
            let Some(page) = page else { return Ok::<_, Error>(None) };
            let (items, next) = page.await?;
            Ok(Some((iter(items.into_iter().map(Ok)), next)))
        }
    });
    pages.try_flatten()
}
