//! A list in the order of last use. Every step costs the same, however long it is: it is worked on under the router's
//! lock, with each message.

/// Where an item stands until it is removed.
pub(super) type Place = usize;

/// Items from the one that was not used for longest to the newest.
pub(super) struct Recency<T> {
    nodes: Vec<Node<T>>,
    free: Vec<Place>,
    oldest: Option<Place>,
    newest: Option<Place>,
}

struct Node<T> {
    /// `None` while the place is free.
    item: Option<T>,
    older: Option<Place>,
    newer: Option<Place>,
}

impl<T> Default for Recency<T> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            free: Vec::new(),
            oldest: None,
            newest: None,
        }
    }
}

impl<T> Recency<T> {
    pub(super) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// Takes an item in as the newest.
    pub(super) fn insert(&mut self, item: T) -> Place {
        let node = Node {
            item: Some(item),
            older: None,
            newer: None,
        };
        let place = if let Some(place) = self.free.pop() {
            self.nodes[place] = node;
            place
        } else {
            self.nodes.push(node);
            self.nodes.len() - 1
        };
        self.link(place);
        place
    }

    pub(super) fn remove(&mut self, place: Place) -> Option<T> {
        let item = self.nodes.get_mut(place)?.item.take()?;
        self.unlink(place);
        self.free.push(place);
        Some(item)
    }

    pub(super) fn get(&self, place: Place) -> Option<&T> {
        self.nodes.get(place)?.item.as_ref()
    }

    /// The item, which is the newest from now on.
    pub(super) fn touch(&mut self, place: Place) -> Option<&mut T> {
        self.get(place)?;
        if self.newest != Some(place) {
            self.unlink(place);
            self.link(place);
        }
        self.nodes[place].item.as_mut()
    }

    /// The oldest item, which is the newest from now on.
    pub(super) fn touch_oldest(&mut self) -> Option<&mut T> {
        self.touch(self.oldest?)
    }

    /// All, from the oldest on.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let mut next = self.oldest;
        std::iter::from_fn(move || {
            let node = &self.nodes[next?];
            next = node.newer;
            node.item.as_ref()
        })
    }

    fn link(&mut self, place: Place) {
        let before = self.newest.replace(place);
        self.nodes[place].older = before;
        self.nodes[place].newer = None;
        match before {
            Some(before) => self.nodes[before].newer = Some(place),
            None => self.oldest = Some(place),
        }
    }

    fn unlink(&mut self, place: Place) {
        let (older, newer) = (self.nodes[place].older, self.nodes[place].newer);
        match older {
            Some(older) => self.nodes[older].newer = newer,
            None => self.oldest = newer,
        }
        match newer {
            Some(newer) => self.nodes[newer].older = older,
            None => self.newest = older,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_used_goes_to_the_end() {
        let mut list = Recency::default();
        let [a, b, c] = ["a", "b", "c"].map(|item| list.insert(item));
        assert_eq!(list.touch(a), Some(&mut "a"));
        assert_eq!(list.iter().collect::<Vec<_>>(), [&"b", &"c", &"a"]);
        assert_eq!(list.touch_oldest(), Some(&mut "b"));
        assert_eq!(list.remove(c), Some("c"));
        assert_eq!(list.remove(c), None);
        assert_eq!(list.get(c), None);
        assert_eq!(list.touch(c), None);
        assert_eq!((list.get(b), list.len()), (Some(&"b"), 2));
        assert_eq!(list.insert("d"), c, "a place is used again");
        assert_eq!(list.iter().collect::<Vec<_>>(), [&"a", &"b", &"d"]);
    }

    proptest! {
        #[test]
        fn it_is_in_the_order_of_last_use(steps in prop::collection::vec((0..4_u8, 0..8_usize), 0..200)) {
            let mut list = Recency::default();
            // The same by hand: items with their places, the oldest first.
            let mut plain: Vec<(usize, Place)> = Vec::new();
            for (item, (step, at)) in steps.into_iter().enumerate() {
                let at = (!plain.is_empty()).then(|| at % plain.len().max(1));
                match (step, at) {
                    (0, Some(at)) => {
                        let (item, place) = plain.remove(at);
                        prop_assert_eq!(list.remove(place), Some(item));
                    }
                    (1, Some(at)) => {
                        let used = plain.remove(at);
                        prop_assert_eq!(list.touch(used.1), Some(&mut used.0.clone()));
                        plain.push(used);
                    }
                    (2, Some(_)) => {
                        let used = plain.remove(0);
                        prop_assert_eq!(list.touch_oldest(), Some(&mut used.0.clone()));
                        plain.push(used);
                    }
                    _ => plain.push((item, list.insert(item))),
                }
                prop_assert_eq!(list.len(), plain.len());
                let order: Vec<usize> = list.iter().copied().collect();
                prop_assert_eq!(order, plain.iter().map(|(item, _)| *item).collect::<Vec<_>>());
            }
        }
    }
}
