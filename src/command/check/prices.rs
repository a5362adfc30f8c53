//! The prices of the agents that are used: of those who tell tokens and no dollars.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::agents::Known;
use super::item::Item;
use crate::model::agent::{Field, Output};
use crate::model::choice::Choice;
use crate::model::price::Prices;
use crate::os::clock;

/// A price that is older is told, in days.
const OLD: i32 = 180;

/// What is to be said of the prices of those that have a post.
pub(super) fn look(known: &Known) -> Vec<Item> {
    let output = |agent: &str| known.catalogue.all().find(|(name, _)| *name == agent).map(|it| &it.1.agent.output);
    let choices = known.posts.iter().flat_map(|post| &post.choices);
    let used: Vec<(&Choice, &Output)> = choices.filter_map(|choice| Some((choice, output(&choice.agent)?))).collect();
    notes(&used, known.catalogue.prices(), clock::now().to_zoned(TimeZone::UTC).date())
}

fn notes(used: &[(&Choice, &Output)], prices: &Prices, today: Date) -> Vec<Item> {
    let (mut unknown, mut old) = (Vec::new(), Vec::new());
    for (choice, output) in used.iter().filter(|(_, output)| output.tells_tokens_only()) {
        let model = choice.model.as_deref();
        match model.and_then(|model| prices.of(model)).map(|price| price.as_of) {
            Some(as_of) if (today - as_of).get_days() > OLD => old.push(format!("{choice} ({as_of})")),
            Some(_) => {}
            // Which one it asks is known when it has.
            None if model.is_none() && output.sets(Field::Model) => {}
            None if model.is_none() => unknown.push(format!("{choice} (no model is named)")),
            None => unknown.push(choice.to_string()),
        }
    }
    let note = |who: Vec<String>, what: &str, hint: &str| {
        let detail = format!("{what}: {}", who.join(", "));
        (!who.is_empty()).then(|| Item { hint: Some(hint.to_owned()), ..Item::note("agents", detail) })
    };
    let unknown = note(
        unknown,
        "what these cost is not known, and no limit of money counts it, because they tell tokens only and have no price",
        "name a model, and its price in config/prices.yaml",
    );
    let old = note(
        old,
        &format!("prices that are older than {OLD} days, of agents that tell tokens only"),
        "see whether they still hold, and write those of today into config/prices.yaml",
    );
    unknown.into_iter().chain(old).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::agent::Agent;

    fn told(choices: &[&str], today: &str) -> Vec<String> {
        let rules = |set: &str| -> Agent {
            let text =
                format!("{{argv: [a], output: {{format: jsonl, rules: [{{when: {{/t: x}}, set: {{{set}}}}}]}}}}");
            serde_yaml::from_str(&text).unwrap()
        };
        let tokens = "usage.input: /in, usage.output: /out";
        let (counts, names) = (rules(tokens), rules(&format!("{tokens}, model: /m")));
        let (bills, plain) = (rules(&format!("{tokens}, cost_usd: /usd")), rules("text: /text"));
        let choices: Vec<Choice> = choices.iter().map(|text| text.parse().unwrap()).collect();
        let output = |choice: &Choice| match choice.agent.as_str() {
            "counts" => &counts.output,
            "names" => &names.output,
            "bills" => &bills.output,
            _ => &plain.output,
        };
        let used: Vec<(&Choice, &Output)> = choices.iter().map(|choice| (choice, output(choice))).collect();
        let prices = Prices::parse(
            "as_of: 2026-05-01\nmodels: {old: {input: 1, output: 1}, \
                                    new: {input: 1, output: 1, as_of: 2026-11-20}}",
        )
        .unwrap();
        notes(&used, &prices, today.parse().unwrap()).into_iter().map(|item| item.detail).collect()
    }

    #[test]
    fn only_prices_that_somebody_needs_are_told_of() {
        let all = ["bills:other", "plain:other", "plain", "names", "counts:new", "counts:new:high"];
        assert_eq!(told(&all, "2026-11-20"), [""; 0]);
        let missing = told(&["counts:other", "names:other:high", "counts"], "2026-11-20");
        let [missing] = &missing[..] else { panic!("{missing:?}") };
        assert!(
            missing.ends_with("have no price: counts:other, names:other:high, counts (no model is named)"),
            "{missing}"
        );
    }

    #[test]
    fn a_price_is_old_after_half_a_year() {
        assert_eq!(told(&["counts:old"], "2026-10-28"), [""; 0]);
        let old = told(&["counts:old", "counts:new"], "2026-10-29");
        assert_eq!(
            old,
            ["prices that are older than 180 days, of agents that tell tokens only: counts:old (2026-05-01)"]
        );
    }
}
