//! What of a record a person is shown, or counted: views with the spots of the places that they look at.

use std::collections::BTreeMap;

use super::places::Places;
use super::record::{Record, Spot};
use crate::model::agent::{Condition, Kind, Pointer, Rule, View};

/// The views of one rule.
#[derive(Debug)]
pub(super) struct Views {
    /// The array of which each item is shown by itself.
    each: Option<usize>,
    views: Vec<ReadyView>,
}

/// A view that is ready for records.
#[derive(Debug)]
pub(super) struct ReadyView {
    when: Vec<(Spot, Condition)>,
    pub(super) kind: Kind,
    pub(super) words: Spot,
    pub(super) with: Vec<Spot>,
}

/// The spots of conditions, each found by `spot`.
pub(super) fn asked(
    when: &BTreeMap<Pointer, Condition>,
    mut spot: impl FnMut(&Pointer) -> Spot,
) -> Vec<(Spot, Condition)> {
    when.iter().map(|(pointer, condition)| (spot(pointer), condition.clone())).collect()
}

impl Views {
    /// All views of `rule`. The arrays of all rules are known to `places` already.
    pub(super) fn of(rule: &Rule, places: &mut Places) -> Self {
        let each = rule.each.as_ref().map(|each| places.array(each));
        let mut spot = |pointer: &Pointer| match each {
            Some(array) => places.spot_in_item(array, pointer),
            None => places.spot(pointer),
        };
        let ready = |view: &View| ReadyView {
            when: asked(&view.when, &mut spot),
            kind: view.kind,
            words: spot(&view.words),
            with: view.with.iter().map(&mut spot).collect(),
        };
        Self { each, views: rule.show.iter().map(ready).collect() }
    }

    /// What `record` shows, line by line: the view, and the record or the item that it is about.
    pub(super) fn shown<'v, 't>(
        &'v self,
        record: &'v Record<'t>,
    ) -> impl Iterator<Item = (&'v ReadyView, &'v Record<'t>)> {
        let whole = self.each.is_none().then_some(record);
        let items = record.items.iter().filter(|item| Some(item.array) == self.each).map(|item| &item.record);
        whole.into_iter().chain(items).filter_map(|part| Some((self.view_of(part)?, part)))
    }

    /// The first view that has something to show.
    fn view_of(&self, part: &Record<'_>) -> Option<&ReadyView> {
        self.views.iter().find(|view| part.is_as(&view.when) && view.has_words(part))
    }
}

impl ReadyView {
    fn has_words(&self, part: &Record<'_>) -> bool {
        part.value(self.words).is_some_and(|words| match self.kind {
            // A line that ends within a message.
            Kind::Piece => true,
            Kind::Said | Kind::Thought | Kind::Tool | Kind::Result | Kind::Failed | Kind::Error | Kind::Note => {
                !words.text().trim().is_empty()
            }
        })
    }
}
