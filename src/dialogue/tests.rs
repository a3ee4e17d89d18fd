//! Whole conversations as unit tests: acts are made by hand, so that no rule of understanding stands between.

mod booking;
mod corrections;
mod existing;
mod properties;
mod questions;
mod talk;
mod time;
mod views;
mod waiting;
mod wording;
mod words;
