//! A map in parts that copies share: a copy of it is cheap, and a change copies one part.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

/// How many parts. A business has hundreds to thousands of appointments, so a part has tens.
const SHARDS: usize = 64;

/// A map in parts.
#[derive(Debug, Clone)]
pub(super) struct Shards<K, V>(Vec<Arc<BTreeMap<K, V>>>);

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        let empty = Arc::new(BTreeMap::new());
        Self(vec![empty; SHARDS])
    }
}

impl<K: Ord + Hash + Clone, V: Clone> Shards<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(place(key))?.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if let Some(shard) = self.0.get_mut(place(&key)) {
            Arc::make_mut(shard).insert(key, value);
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let shard = self.0.get_mut(place(key))?;
        // What is not there must not cost a copy.
        shard
            .contains_key(key)
            .then(|| Arc::make_mut(shard).remove(key))?
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().flat_map(|shard| shard.values())
    }
}

impl<K: Ord + Hash + Clone, V: Clone + Default> Shards<K, V> {
    /// Changes the value of a key, which is made when it is missing.
    pub(super) fn update(&mut self, key: K, change: impl FnOnce(&mut V)) {
        if let Some(shard) = self.0.get_mut(place(&key)) {
            change(Arc::make_mut(shard).entry(key).or_default());
        }
    }
}

fn place<K: Hash>(key: &K) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or(0)
}
