//! Integration tests.
mod properties;
mod redact;
mod stream;
