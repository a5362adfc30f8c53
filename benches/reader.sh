#!/usr/bin/env bash
# What it costs to read along while an agent prints: CPU seconds and peak memory for a transcript of 1 GB.
#   benches/reader.sh [MB]     1000
# The transcripts look like those of claude and codex: messages, tool calls, and results of some kB with many escapes.
# Works in a folder below $FIGURES_DIR (default /dev/shm). Needs the release build, with its examples.
set -euo pipefail

megabytes=${1:-1000}
built=$(cd "$(dirname "$0")/.." && pwd)/target/release
swarm=$built/swarm reader=$built/examples/read_transcript
[ -x "$swarm" ] && [ -x "$reader" ] || { echo "build first: cargo build --release --bins --examples" >&2; exit 3; }
top=$(mktemp -d "${FIGURES_DIR:-/dev/shm}/swarm-reader-XXXXXX")
trap 'rm -rf "$top"' EXIT
export GIT_CONFIG_GLOBAL=$top/gitconfig GIT_CONFIG_NOSYSTEM=1 HOME=$top
git config --global user.name reader; git config --global user.email reader@localhost; git config --global init.defaultBranch main
TIMEFORMAT='%U %S'

# Eight megabytes of turns: each says something, calls a tool and gets its result, of 2 kB, each fiftieth of 200 kB.
block() { # claude|codex
    awk -v agent="$1" 'BEGIN {
        line = "   Compiling swarm v0.1.0 (/repo)\\n\\u001b[32mtest\\u001b[0m model::answer::a_line ... \\\"ok\\\"\\n"
        while (length(result) < 2000) result = result line
        while (length(long) < 200000) long = long result
        words = "I look at the callers first; then I change the signature and run the tests."
        envelope = "\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":200,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":1000,\"output_tokens\":1,\"service_tier\":\"standard\"},\"context_management\":null},\"parent_tool_use_id\":null,\"session_id\":\"f9aac9df-01d9-42d9-9948-4d00a9f8cdc9\",\"uuid\":\"565f816e-9578-4cdc-ac7e-5858d66ae4bb\"}"
        while (size < 8000000) {
            text = n++ % 50 ? result : long
            if (agent == "claude") {
                head = "{\"type\":\"assistant\",\"message\":{\"id\":\"msg_" n "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-opus-5-5\",\"content\":["
                out = head "{\"type\":\"text\",\"text\":\"" words "\"}]," envelope "\n" \
                    head "{\"type\":\"tool_use\",\"id\":\"toolu_" n "\",\"name\":\"Bash\",\"input\":{\"command\":\"cargo test --lib " n "\"}}]," envelope "\n" \
                    "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"tool_use_id\":\"toolu_" n "\",\"type\":\"tool_result\",\"content\":\"" text "\",\"is_error\":false}]},\"session_id\":\"f9aac9df-01d9-42d9-9948-4d00a9f8cdc9\",\"tool_use_result\":{\"stdout\":\"" text "\",\"stderr\":\"\",\"interrupted\":false}}"
            } else {
                item = "\"item\":{\"id\":\"item_" n "\",\"type\":"
                command = "\"command_execution\",\"command\":\"/bin/bash -lc cargo test --lib " n "\",\"aggregated_output\":\""
                out = "{\"type\":\"item.completed\"," item "\"agent_message\",\"text\":\"" words "\"}}\n" \
                    "{\"type\":\"item.started\"," item command "\",\"exit_code\":null,\"status\":\"in_progress\"}}\n" \
                    "{\"type\":\"item.completed\"," item command text "\",\"exit_code\":0,\"status\":\"completed\"}}"
            }
            print out
            size += length(out) + 1
        }
    }'
}

# A whole transcript on standard output: so many times the block, between its beginning and its end.
play() { # claude|codex, times
    local i
    case $1 in
    claude) echo '{"type":"system","subtype":"init","session_id":"f9aac9df-01d9-42d9-9948-4d00a9f8cdc9"}' ;;
    codex) echo '{"type":"thread.started","thread_id":"t"}' ;;
    esac
    for ((i = 0; i < $2; i++)); do cat "$top/$1.block"; done
    case $1 in
    claude) echo '{"type":"result","is_error":false,"num_turns":2,"result":"COMPLETE_AND_READY_FOR_MERGE","usage":{"output_tokens":55}}' ;;
    codex) echo '{"type":"item.completed","item":{"type":"agent_message","text":"COMPLETE_AND_READY_FOR_MERGE"}}'
        echo '{"type":"turn.completed","usage":{"output_tokens":55}}' ;;
    esac
}

# CPU seconds of a reader of a transcript, and what it says.
cpu_of() { # claude|codex, times, command…
    local agent=$1 times=$2
    shift 2
    { time "$@" < <(play "$agent" "$times") > "$top/said"; } 2>&1 | awk '{printf "%.2f", $1 + $2}'
}

# A whole cycle whose agent plays a transcript: CPU seconds and peak memory of `swarm` itself, its agent aside.
cycle() { # claude|codex, times
    local repository=$top/$1-$2 pid
    mkdir "$repository"; cd "$repository"; git init -q; echo x > README.md; git add .; git commit -qm start
    "$swarm" init -q > /dev/null
    mkdir -p config/agents
    { declare -f play; echo "top='$top'; cat > /dev/null; echo x > x.txt; play $1 $2"; } > "$top/player.sh"
    printf 'base: %s\nargv: [bash, "%s"]\nsession: {minted_by: agent}\n' "$1" "$top/player.sh" > config/agents/player.yaml
    echo 'workers: [{agent: player}]' > config/swarm.yaml
    echo "# Play" > tasks/pending/play.md
    "$swarm" start -q > "$top/said" 2>&1 &
    pid=$!
    until [ -e tasks/complete/play.md ]; do
        kill -0 $pid && [ ! -e tasks/blocked/play.md ] || { cat "$top/said" >&2; exit 1; }
        sleep 0.05
    done
    awk -v tick="$(getconf CLK_TCK)" '{printf "%.2f ", ($14 + $15) / tick}' "/proc/$pid/stat"
    awk '/^VmHWM/ {printf "%.0f\n", $2 / 1024}' "/proc/$pid/status"
    "$swarm" stop -q > /dev/null; wait $pid
    rm -rf "$repository"
}

echo "## transcripts of $megabytes MB: CPU seconds and peak memory; a cycle is swarm itself, without its agent and git"
echo "like | lines | wc -l CPU s | reader alone CPU s | peak MB | reader/wc | cycle CPU s | peak MB | cycle of 0 MB CPU s | peak MB"
for agent in claude codex; do
    block $agent > "$top/$agent.block"
    times=$((megabytes * 1000000 / $(stat -c %s "$top/$agent.block")))
    floor=$(cpu_of $agent $times wc -l); lines=$(cat "$top/said")
    alone=$(cpu_of $agent $times "$reader" / $agent)
    peak=$(sed -n 's/.* peak \([0-9]*\) kB.*/\1/p' "$top/said")
    grep -q 'done: true, .*Some(55)' "$top/said" || { cat "$top/said" >&2; exit 1; }
    read -r cpu memory <<< "$(cycle $agent $times)"
    read -r cpu0 memory0 <<< "$(cycle $agent 0)"
    echo "$agent | $lines | $floor | $alone | $((peak / 1024)) | $(awk "BEGIN {printf \"%.1f\", $alone / $floor}") | $cpu | $memory | $cpu0 | $memory0"
done
