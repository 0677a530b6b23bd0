#![doc = include_str!("../README.md")]

mod names;
mod redactor;
mod shapes;
mod terminal;
mod values;
mod writer;

pub use names::names_secret;
pub use redactor::{BuildError, MARKER, Redactor, RedactorBuilder};
pub use terminal::{StrippingWriter, strip_terminal_codes};
pub use values::MIN_SECRET_BYTES;
pub use writer::RedactingWriter;
