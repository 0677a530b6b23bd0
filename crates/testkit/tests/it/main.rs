//! The fakes of testkit, seen from outside, over sockets.

mod contracts;
