//! What integration tests share: a front desk in a temporary folder, people who talk to it, a model that
//! tests speak for, PostgreSQL and Redis.

pub(crate) mod cluster;
pub(crate) mod desk;
pub(crate) mod guardrails;
pub(crate) mod model;
pub(crate) mod postgres;
pub(crate) mod redis;
