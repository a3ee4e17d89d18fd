//! What integration tests share: a front desk in a temporary folder, and people who talk to it.

pub(crate) mod desk;

pub(crate) mod redis;
