#![doc = include_str!("../README.md")]

mod allowance;
mod auth;
mod body;
mod client;
mod gate;
mod redact;
mod retry;

pub use allowance::Allowance;
pub use auth::{Auth, TokenError, token_from_file, token_from_program};
pub use body::{ReadError, read_bounded};
pub use client::{ClientError, ClientOptions, client, client_builder, install_crypto_provider};
pub use gate::{Gate, GateOptions, Pass, Reason, Shut, Wait};
pub use redact::redact_url;
pub use retry::{Attempts, Idempotency, RetryPolicy, Spent, Trouble, retry_after, server_time};
