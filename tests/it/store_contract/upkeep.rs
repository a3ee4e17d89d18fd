//! Businesses, counts, and the end.

use frontdesk::store::Error;
use frontdesk::types::BusinessId;

use super::Backend;
use super::given::{at, booked, committed, message, pair, salon, turn, visit};

pub(crate) async fn a_catalogue_has_a_version_per_text(backend: &dyn Backend) {
    let store = backend.open().await;
    assert_eq!(store.business(&salon()).await.unwrap(), None);
    let first = r#"{"services":[{"id":"manicure","name":"Manicure"},{"nameless":1}],
                    "resources":[{"id":"mai","capacity":1},{"id":"class","kind":"class","capacity":4}]}"#;
    assert_eq!(store.put_business(&salon(), first, at("09:00")).await.unwrap(), 1);
    assert_eq!(store.put_business(&salon(), first, at("09:01")).await.unwrap(), 1);
    assert_eq!(store.put_business(&salon(), "{}", at("09:02")).await.unwrap(), 2);
    assert_eq!(
        store.business(&salon()).await.unwrap(),
        Some((2, "{}".to_owned()))
    );
    // An earlier text that comes back is a new version.
    assert_eq!(store.put_business(&salon(), first, at("09:03")).await.unwrap(), 3);
    assert_eq!(
        store.business(&salon()).await.unwrap(),
        Some((3, first.to_owned()))
    );
}

pub(crate) async fn businesses_are_listed(backend: &dyn Backend) {
    let store = backend.open().await;
    let names = ["salon", "barber", "dentist"].map(|name| BusinessId::new(name).unwrap());
    for business in &names {
        // Whatever the text is, it is kept as it is.
        store
            .put_business(business, "not even JSON", at("09:00"))
            .await
            .unwrap();
    }
    let [salon, barber, dentist] = names;
    assert_eq!(store.businesses().await.unwrap(), [barber, dentist, salon]);
}

pub(crate) async fn figures_count(backend: &dyn Backend) {
    let store = backend.open().await;
    assert_eq!(
        store.figures().await.unwrap(),
        frontdesk::store::Figures::default()
    );
    committed(&store, turn(&pair("ana"), 0)).await;
    store.accept(vec![message(&pair("ben"), "m1")]).await.unwrap();
    booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let figures = store.figures().await.unwrap();
    assert_eq!((figures.conversations, figures.sessions_open), (1, 1));
    assert_eq!((figures.inbox_unfinished, figures.appointments_live), (1, 1));
    assert_eq!(
        (figures.inbox_oldest, figures.outbox_oldest),
        (Some(at("09:00")), None)
    );
    store.ping().await.unwrap();
}

pub(crate) async fn a_closed_store_says_so(backend: &dyn Backend) {
    let store = backend.open().await;
    store.close().await;
    store.close().await;
    assert!(matches!(
        store.commit(turn(&pair("ana"), 0)).await,
        Err(Error::Closed(_))
    ));
    assert!(matches!(
        store.accept(vec![message(&pair("ana"), "m1")]).await,
        Err(Error::Closed(_))
    ));
    assert!(store.ping().await.is_err());
    assert!(store.open(&pair("ana"), None).await.is_err());
}
