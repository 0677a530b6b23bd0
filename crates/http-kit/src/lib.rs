#![doc = include_str!("../README.md")]

mod body;
mod client;
mod redact;

pub use body::{ReadError, read_bounded};
pub use client::{ClientError, ClientOptions, client, client_builder, install_crypto_provider};
pub use redact::redact_url;
