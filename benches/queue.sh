#!/usr/bin/env bash
# What a batch in the merge queue is worth: BRANCHES branches that are ready at the same time, gates of GATE seconds,
# landed one by one and in batches. Prints the seconds from the first branch in the queue to the last on the base.
#
#   cargo build --release && GATE=30 BRANCHES=8 benches/queue.sh
set -euo pipefail

swarm=${SWARM:-$(dirname "$0")/../target/release/swarm}
swarm=$(realpath "$swarm")
gate=${GATE:-30} branches=${BRANCHES:-8}

# $1: the size of a batch, $2: a branch that breaks the merged tree, or nothing.
landing() {
    local root; root=$(mktemp -d)
    (
        cd "$root"
        git init -q -b main . && git -c user.name=b -c user.email=b@b commit -q --allow-empty -m start
        git config user.name b && git config user.email b@b
        "$swarm" init -q > /dev/null
        cat > config/swarm.yaml <<YAML
workers: [{agent: script}]
verify: ["test ! -e moved || { sleep $gate; test ! -e bad; }"]
integrate: {batch: $1}
limits: {attempts: 1}
YAML
        for n in $(seq "$branches"); do
            local also=""; [ "$n" != "${2:-}" ] || also="; : > bad"
            printf '# Task %s\n\n```sh\necho %s > %s.txt%s; while ! test -e %s/go; do sleep 0.05; done\n```\n' \
                "$n" "$n" "$n" "$also" "$root" > "tasks/pending/t$n.md"
        done
        "$swarm" start -n "$branches" --drain --json > events.jsonl 2> err.txt &
        until [ "$(grep -c '"event":"step_started"' events.jsonl)" -ge "$branches" ]; do sleep 0.1; done
        : > moved; git add moved; git commit -q -m moved; : > go
        wait || true
        jq -s --arg batch "$1" --arg bad "${2:-none}" '
            (map(select(.event == "step_started" and .step == "integrate").t_ms) | min) as $from
            | (map(select(.event == "task_moved" and .to == "complete").t_ms)) as $landed
            | "batch \($batch), bad branch \($bad): \($landed | length) landed in \((($landed | max) - $from) / 1000) s"' -r events.jsonl
    )
    rm -rf "$root"
}

echo "gates of $gate s, $branches branches"
landing 1
landing "$branches"
landing "$branches" 5
