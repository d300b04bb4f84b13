//! Items on their way from a reader to children: so many as the next children need, and no more.

use std::collections::VecDeque;
use std::sync::Arc;

use interpreter::Document;

use super::records::Position;

/// An item, as a reader found it.
#[derive(Clone, Debug)]
pub struct ReadItem {
    /// The item, as JSON. A member of an object is `{"Key": …, "Value": …}`.
    pub value: Document,
    /// Whether it is a member of an object: `Map.Item.Key` and `Map.Item.Value` are then its parts.
    pub is_member: bool,
    /// `Map.Item.Source`: where it is from, `S3://bucket/key`.
    pub source: Arc<str>,
}

/// Some items, and where to go on.
#[derive(Clone, Debug)]
pub struct ItemsRead {
    /// In order.
    pub items: Vec<ReadItem>,
    /// Where the items after these begin, in words that only the reader understands; `None`: these were
    /// the last.
    pub next: Option<Vec<u8>>,
}

/// Items that belong to no child yet.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    chunks: VecDeque<Chunk>,
    /// Of the first chunk, how many belong to children.
    skip: usize,
    bytes: usize,
    /// How many are to be skipped before the first chunk has come.
    to_skip: u64,
    /// Where to read next; `None` inside `Some`: from the beginning.
    ahead: Option<Option<Vec<u8>>>,
}

#[derive(Debug)]
struct Chunk {
    position: Option<Vec<u8>>,
    next: Option<Vec<u8>>,
    items: Vec<ReadItem>,
}

impl Buffer {
    /// A buffer that goes on where children begin.
    pub(super) fn at(position: &Position) -> Buffer {
        Buffer {
            to_skip: position.skip,
            ahead: Some(position.at.clone()),
            ..Buffer::default()
        }
    }

    /// How many items it holds.
    pub(super) fn len(&self) -> usize {
        let all: usize = self.chunks.iter().map(|chunk| chunk.items.len()).sum();
        all - self.skip
    }

    /// How many bytes they have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where to read on, if there is more.
    pub(super) fn ahead(&self) -> Option<&Option<Vec<u8>>> {
        self.ahead.as_ref()
    }

    /// Takes in what was read; at most `most` items, where the map run takes no more.
    pub(super) fn fill(&mut self, read: ItemsRead, most: Option<u64>) {
        let Some(position) = self.ahead.take() else {
            return;
        };
        let ItemsRead {
            mut items,
            mut next,
        } = read;
        let most = most.map(|most| most.saturating_add(self.to_skip));
        if let Some(most) = most.and_then(|most| usize::try_from(most).ok()) {
            let room = most.saturating_sub(self.len());
            if items.len() >= room {
                items.truncate(room);
                next = None;
            }
        }
        self.ahead = next.clone().map(Some);
        // Those that belong to children may be more than this reading brought.
        let skipped = usize::try_from(self.to_skip)
            .unwrap_or(usize::MAX)
            .min(items.len());
        self.to_skip -= skipped as u64;
        self.bytes += items[skipped..].iter().map(bytes_of).sum::<usize>();
        self.skip += skipped;
        self.chunks.push_back(Chunk {
            position,
            next,
            items,
        });
        self.drop_given();
    }

    /// The items in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &ReadItem> {
        let all = self.chunks.iter().flat_map(|chunk| &chunk.items);
        all.skip(self.skip)
    }

    /// Gives so many items to a child.
    pub(super) fn give(&mut self, count: usize) {
        let given: usize = self.iter().take(count).map(bytes_of).sum();
        self.bytes -= given;
        self.skip += count;
        self.drop_given();
    }

    fn drop_given(&mut self) {
        while let Some(first) = self.chunks.front()
            && self.skip >= first.items.len()
            // What was the last says so by staying.
            && first.next.is_some()
        {
            self.skip -= first.items.len();
            self.chunks.pop_front();
        }
    }

    /// Where children begin now, and whether all items belong to them.
    pub(super) fn position(&self) -> (Position, bool) {
        let at = match self.chunks.front() {
            Some(first) => Position {
                at: first.position.clone(),
                skip: self.skip as u64,
            },
            None => Position {
                at: self.ahead.clone().flatten(),
                skip: self.to_skip,
            },
        };
        (at, self.ahead.is_none() && self.len() == 0)
    }
}

fn bytes_of(item: &ReadItem) -> usize {
    item.value.text().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(items: std::ops::Range<u32>, next: Option<u8>) -> ItemsRead {
        ItemsRead {
            items: items
                .map(|item| ReadItem {
                    value: Document::from_text(item.to_string()),
                    is_member: false,
                    source: "s".into(),
                })
                .collect(),
            next: next.map(|next| vec![next]),
        }
    }

    fn texts(buffer: &Buffer) -> Vec<String> {
        buffer
            .iter()
            .map(|item| item.value.text().to_string())
            .collect()
    }

    #[test]
    fn what_is_begun_is_never_given_again_wherever_it_goes_on() {
        for given in 0..=5 {
            let mut buffer = Buffer::at(&Position::default());
            buffer.fill(read(0..2, Some(1)), None);
            buffer.fill(read(2..5, None), None);
            buffer.give(given);
            let (position, is_exhausted) = buffer.position();
            assert_eq!(is_exhausted, given == 5, "{given}");
            // After a restart, with readings of another length.
            let mut again = Buffer::at(&position);
            match &position.at {
                None => {
                    again.fill(read(0..1, Some(9)), None);
                    again.fill(read(1..5, None), None);
                }
                Some(_) => again.fill(read(2..5, None), None),
            }
            let rest: Vec<String> = (given..5).map(|item| item.to_string()).collect();
            assert_eq!(texts(&again), rest, "{given}");
            assert_eq!(again.len(), rest.len());
            assert_eq!(again.bytes(), rest.len());
        }
    }

    #[test]
    fn no_more_items_are_taken_than_the_author_wants() {
        let mut buffer = Buffer::at(&Position::default());
        buffer.fill(read(0..3, Some(1)), Some(5));
        assert!(buffer.ahead().is_some());
        buffer.fill(read(3..9, Some(2)), Some(5));
        assert_eq!(texts(&buffer), ["0", "1", "2", "3", "4"]);
        assert!(buffer.ahead().is_none());
        buffer.give(5);
        assert!(buffer.position().1);
    }

    #[test]
    fn nothing_found_is_the_end() {
        let mut buffer = Buffer::at(&Position::default());
        buffer.fill(read(0..0, Some(1)), None);
        assert!(!buffer.position().1);
        buffer.fill(read(0..0, None), None);
        assert!(buffer.position().1);
    }
}
