#![doc = include_str!("../README.md")]

mod address;
mod announcement;
mod folder;
mod html;
mod message;
mod message_id;
mod outbox;

pub use address::{MailAddress, ParseAddressError};
pub use announcement::{AnnounceError, Announcement, BranchInput, ReleaseInput, announce_branch, announce_release};
pub use folder::FolderOutbox;
pub use message::{Message, MessageError};
pub use message_id::{MessageId, ParseMessageIdError};
pub use outbox::{Outbox, Receipt, SendError};
