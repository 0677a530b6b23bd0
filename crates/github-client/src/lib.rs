#![doc = include_str!("../README.md")]

mod auth;
mod cached;
mod call;
mod client;
mod endpoints;
mod error;
mod event;
mod forecast;
mod graphql;
mod ids;
mod limits;
mod paging;
mod persist;
mod record;
mod recording;
mod refusal;
mod rest;
mod scopes;
mod text;
mod transport;
mod wire;

pub use auth::token_from_gh;
pub use client::{BuildError, GithubClient, GithubClientBuilder};
pub use error::{Error, Source};
pub use event::{Event, RequestReport, Usage};
pub use forecast::Forecast;
pub use graphql::{CommitPulls, GraphqlError, GraphqlReply, HistoryCommit, PullBatch, UpdatedPull};
pub use http_kit::{Allowance, Auth, Gate, Reason, RetryPolicy, Spent, TokenError, Wait, token_from_file};
pub use ids::{
    AssetId, CommentId, IssueNumber, MilestoneNumber, ObjectId, ParseIdError, PullNumber, ReleaseId, RepoId,
};
pub use record::{Author, AuthorKind, CommitPull, Missing, PullRecord, PullState};
pub use recording::{Mode, Recording, RecordingError};
pub use rest::assets::{Asset, NewAsset};
pub use rest::commits::{Commit, CommitParent, CommitQuery, Comparison, GitCommit};
pub use rest::contents::{Entry, NewFile, WrittenFile};
pub use rest::issues::{Comment, Issue, IssueChange, IssueQuery, NewIssue};
pub use rest::labels::Label;
pub use rest::milestones::{Milestone, MilestoneChange};
pub use rest::pulls::{NewPull, OpenState, PullChange, PullQuery, PullRequest, StateFilter};
pub use rest::refs::{GitRef, RefTarget, RefUpdate};
pub use rest::releases::{MakeLatest, NewRelease, Release, ReleaseChange};
pub use rest::repos::{Permissions, Repository};
pub use rest::tags::{AnnotatedTag, NewTag, Person, Tag, TagCommit};
pub use scopes::Scopes;
