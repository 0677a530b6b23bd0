//! The fakes of testkit, seen from outside, over sockets.

mod client;
mod contracts;
mod graphql;
