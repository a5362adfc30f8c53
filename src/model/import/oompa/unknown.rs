//! Keys of `oompa.json` that have no counterpart, and why.

/// Those of a worker.
const OF_A_WORKER: [(&str, &str); 12] = [
    ("max_cycle", BOUND),
    ("max_cycles", BOUND),
    ("iterations", BOUND),
    (
        "max_wait_for_tasks",
        "a worker without a task waits for file events and costs nothing; `swarm start --drain` ends when nothing is \
         left to do",
    ),
    (
        "max_needs_followups",
        "an agent that cannot go on asks with NEEDS_INPUT, and its task waits in blocked/ for an answer",
    ),
    (
        "can_claim_gpu",
        "every worker may take every task; a task with `gpu_heavy` gets `domain: gpu`, and one task of a domain is \
         worked on at a time",
    ),
    ("auto_merge_paths", "nothing is merged without the gates, and the files of tasks need no merge"),
    ("needs_review", OF_ALL),
    ("reviewer", OF_ALL),
    ("reviewers", OF_ALL),
    ("review_model", OF_ALL),
    ("review_models", OF_ALL),
];

const BOUND: &str = "a run has a bound, a worker has none: `swarm start --drain`, `--for 8h` or `--max-cycles N`";

const OF_ALL: &str = "reviewers read everybody's work; a single task does without them by its key `review: none`";

/// Why a key of a worker has no counterpart; `None`: it is none that oompa has.
pub(super) fn of_a_worker(key: &str) -> Option<&'static str> {
    OF_A_WORKER.iter().find(|(known, _)| *known == key).map(|(_, reason)| *reason)
}

/// What is said of a key that nobody knows.
pub(super) const STRANGE: &str = "oompa has no such key, as far as is known here";
