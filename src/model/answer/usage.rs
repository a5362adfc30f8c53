//! What one run used, where an agent counts over its whole session.

use crate::model::record::Usage;

/// What was used since `counted`, for figures of [`Scope::Session`](crate::model::agent::Scope::Session): `now` as this
/// run tells it, less what earlier runs of the session told. What no earlier run told was not counted yet, so it is
/// counted now; a figure that shrank was begun anew.
pub fn usage_since(counted: Usage, now: Usage) -> Usage {
    let since = |counted: Option<u64>, now: Option<u64>| Some(now?.checked_sub(counted.unwrap_or(0)).unwrap_or(now?));
    Usage {
        input_tokens: since(counted.input_tokens, now.input_tokens),
        output_tokens: since(counted.output_tokens, now.output_tokens),
        cached_tokens: since(counted.cached_tokens, now.cached_tokens),
        cache_write_tokens: since(counted.cache_write_tokens, now.cache_write_tokens),
    }
}

/// The same for dollars.
pub fn cost_since(counted: Option<f64>, now: Option<f64>) -> Option<f64> {
    let (counted, now) = (counted.unwrap_or(0.0), now?);
    Some(if now >= counted { now - counted } else { now })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, output: u64) -> Usage {
        Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() }
    }

    #[test]
    fn what_earlier_runs_told_is_taken_off() {
        assert_eq!(usage_since(usage(2700, 55), usage(5400, 110)), usage(2700, 55));
        assert_eq!(usage_since(Usage::default(), usage(5400, 110)), usage(5400, 110));
        assert_eq!(usage_since(usage(2700, 55), Usage::default()), Usage::default());
        assert_eq!(usage_since(usage(9000, 55), usage(5400, 110)), usage(5400, 55));
        assert_eq!(cost_since(Some(1.0), Some(1.5)), Some(0.5));
        assert_eq!(cost_since(None, Some(1.5)), Some(1.5));
        assert_eq!(cost_since(Some(1.0), None), None);
        assert_eq!(cost_since(Some(2.0), Some(1.5)), Some(1.5));
    }
}
