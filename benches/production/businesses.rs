//! Copies of the demo business, under names of their own.

use std::net::SocketAddr;

use super::wire::Connection;

/// Puts so many of them into a server.
pub(crate) async fn open(server: SocketAddr, businesses: u64) {
    let mut connection = Connection::open(server).await.unwrap();
    let response = connection.get("/v1/businesses/demo-salon").await.unwrap();
    let mut document: serde_json::Value = serde_json::from_slice(response.body).unwrap();
    for number in 0..businesses {
        let id = business(number);
        document["id"] = id.clone().into();
        let path = format!("/v1/businesses/{id}");
        let response = connection.put(&path, &document.to_string()).await.unwrap();
        assert_eq!(response.status, 200, "{}", response.words());
    }
}

/// What one of them is called.
pub(crate) fn business(number: u64) -> String {
    format!("salon-{number:03}")
}
