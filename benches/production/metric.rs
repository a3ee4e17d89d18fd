//! What a server says of itself.

use std::net::SocketAddr;

use super::wire::Connection;

/// A gauge or counter of a product's `/metrics`, summed over its labels.
pub(crate) async fn metric(server: SocketAddr, name: &str) -> f64 {
    let mut connection = Connection::open(server).await.unwrap();
    let response = connection.get("/metrics").await.unwrap();
    let text = String::from_utf8_lossy(response.body);
    text.lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with([' ', '{']))
        .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}
