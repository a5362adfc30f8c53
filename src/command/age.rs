//! Lengths of time as a person reads them: two units at most.

use std::time::Duration;

use jiff::Timestamp;

/// A length of time, no more exact than anybody cares.
pub(super) fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", duration.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3600..172_800 => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// The same for milliseconds.
pub(super) fn length_ms(ms: u64) -> String {
    length(Duration::from_millis(ms))
}

/// From `at` to `now`, in milliseconds; 0 for what is yet to come.
pub(super) fn since_ms(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.duration_since(at).as_millis()).unwrap_or(0)
}

/// How long ago it was, in whole seconds: records hold no fractions.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = since_ms(at, now) / 1000;
    if seconds < 60 { format!("{seconds}s") } else { length(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_units_at_most() {
        for (seconds, text) in [
            (0.04, "0.0s"),
            (1.25, "1.2s"),
            (10.9, "10s"),
            (60.0, "1m 0s"),
            (3725.0, "1h 2m"),
            (172_800.0, "2d 0h"),
            (1e6, "11d 13h"),
        ] {
            assert_eq!(length(Duration::from_secs_f64(seconds)), text);
        }
    }

    #[test]
    fn what_is_yet_to_come_is_no_time_ago() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(ago(now + Duration::from_secs(9), now), "0s");
        assert_eq!(ago(now, now + Duration::from_secs(75)), "1m 15s");
    }
}
