//! How the output is cut on its way plays no part.

use proptest::prelude::*;

use super::shown::shown;
use super::support::{DESCRIPTIONS, described, read, recording};
use crate::model::answer::Reader;

const RECORDINGS: [&[u8]; 8] = [
    recording!("codex/auth"),
    recording!("codex/resumed"),
    recording!("claude/success"),
    recording!("claude/usage_limit_with_reset"),
    recording!("opencode/success"),
    recording!("opencode/waiting_in_silence"),
    recording!("gemini/rate_limited"),
    recording!("qwen/success"),
];

/// Recordings as they are, torn, mixed with each other and with noise.
fn printed() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        3 => proptest::sample::select(RECORDINGS.as_slice()).prop_map(<[u8]>::to_vec),
        1 => (proptest::sample::select(RECORDINGS.as_slice()), any::<proptest::sample::Index>())
            .prop_map(|(whole, at)| whole[at.index(whole.len())..].to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => "[{}\\[\\]\":,\\\\\n\r a-z0-9]{0,60}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn the_same_bytes_in_any_pieces_give_the_same_answer(
        printed in printed(),
        cuts in proptest::collection::vec(1usize..200, 1..20),
        name in proptest::sample::select(DESCRIPTIONS.map(|(name, _)| name).to_vec()),
    ) {
        let agent = described(name);
        let mut reader = Reader::new(&agent.output);
        let mut rest = printed.as_slice();
        for cut in cuts.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*cut));
            reader.feed(piece);
            if after.is_empty() {
                break;
            }
            rest = after;
        }
        prop_assert_eq!(reader.finish(&printed), read(&agent, &printed));
    }

    #[test]
    fn the_same_bytes_in_any_pieces_show_the_same(
        printed in printed(),
        cut in 1usize..200,
        name in proptest::sample::select(DESCRIPTIONS.map(|(name, _)| name).to_vec()),
    ) {
        let agent = described(name);
        prop_assert_eq!(shown(&agent, printed.chunks(cut)), shown(&agent, [printed.as_slice()]));
    }
}
