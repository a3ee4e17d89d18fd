//! What a server says of itself.

use std::net::SocketAddr;

use super::wire::Connection;

/// A product's `/metrics`, all of one moment.
pub(crate) struct Metrics(String);

impl Metrics {
    /// As they are now.
    pub(crate) async fn of(server: SocketAddr) -> Self {
        let mut connection = Connection::open(server).await.unwrap();
        let response = connection.get("/metrics").await.unwrap();
        Self(String::from_utf8_lossy(response.body).into_owned())
    }

    /// A gauge or counter, summed over its labels.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        self.0
            .lines()
            .filter_map(|line| line.strip_prefix(name))
            .filter(|rest| rest.starts_with([' ', '{']))
            .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

/// A gauge or counter of a product's `/metrics`, summed over its labels.
pub(crate) async fn metric(server: SocketAddr, name: &str) -> f64 {
    Metrics::of(server).await.sum(name)
}
