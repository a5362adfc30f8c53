//! What a rule says of a turn, with the spots of the places that it looks at.

use super::places::Places;
use super::record::{Spot, Value};
use super::views::{Views, asked};
use crate::model::agent::{Append, Clear, Condition, Field, Figure, Flag, Kind, Rule, View};

/// A rule that is ready for records.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) when: Vec<(Spot, Condition)>,
    pub(super) clear: Vec<Clear>,
    pub(super) set: Vec<(Field, Spot)>,
    pub(super) constant: Vec<(Field, Value<'static>)>,
    pub(super) add: Vec<(Figure, Spot)>,
    /// A piece of the final message, and what stands before it.
    pub(super) append: Option<(Spot, String)>,
    pub(super) flag: Option<Flag>,
    /// Calls of tools are counted.
    pub(super) tools: Views,
}

impl Heard {
    /// Makes `rules` ready, and the places at which they look.
    pub(super) fn all(rules: &[Rule]) -> (Vec<Self>, Places) {
        let rules: Vec<Rule> = rules.iter().map(without_words).collect();
        let mut places = Places::default();
        for array in rules.iter().filter_map(|rule| rule.each.as_ref()) {
            places.array(array);
        }
        let heard = rules.iter().map(|rule| Self::new(rule, &mut places)).collect();
        (heard, places)
    }

    fn new(rule: &Rule, places: &mut Places) -> Self {
        let append = |append: &Append, places: &mut Places| (places.spot(&append.text), append.between.clone());
        Self {
            when: asked(&rule.when, |pointer| places.spot(pointer)),
            clear: rule.clear.clone(),
            set: rule.set.iter().map(|(field, pointer)| (*field, places.spot(pointer))).collect(),
            constant: rule.constant.iter().map(|(field, words)| (*field, Value::Text(words.clone().into()))).collect(),
            add: rule.add.iter().map(|(figure, pointer)| (*figure, places.spot(pointer))).collect(),
            append: rule.append.as_ref().map(|piece| append(piece, places)),
            flag: rule.flag,
            tools: Views::of(rule, places),
        }
    }
}

/// `rule` with no more of its views than it takes to count the calls of tools: nobody is shown their words.
fn without_words(rule: &Rule) -> Rule {
    let kept = rule.show.iter().rposition(|view| view.kind == Kind::Tool).map_or(0, |last| last + 1);
    let show: Vec<View> = rule.show[..kept].iter().map(|view| View { with: Vec::new(), ..view.clone() }).collect();
    Rule { each: rule.each.clone().filter(|_| kept > 0), show, ..rule.clone() }
}
