//! Bodies of bounded size.

/// A body could not be read whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The server sends, or announces, more than the caller is willing to hold.
    #[error("the answer of `{url}` is larger than {limit} bytes")]
    TooLarge {
        /// The address, redacted.
        url: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The connection broke or fell silent.
    #[error("cannot read the answer of `{url}`")]
    Broken {
        /// The address, redacted.
        url: String,
        /// What happened, without the address.
        source: reqwest::Error,
    },
}

/// Reads a body into memory, at most `limit` bytes of it after decompression.
///
/// # Errors
/// When the body is larger, or breaks off before its announced end.
pub async fn read_bounded(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, ReadError> {
    let url = crate::redact_url(response.url());
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(ReadError::TooLarge { url, limit });
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(ReadError::TooLarge { url, limit }),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(source) => return Err(ReadError::Broken { url, source: source.without_url() }),
        }
    }
}
