//! The fakes of testkit, seen from outside, over sockets.

mod bound;
mod client;
mod contracts;
mod faults;
mod graphql;
mod releases;
mod rest;
mod shapes;
