#!/usr/bin/env bash
# The figures of the README, each as a ratio or beside its floor, measured in one run on this machine.
#   benches/figures.sh throughput|latency|idle|memory|all
# Works in a folder below $FIGURES_DIR (default /dev/shm: file systems without a journal distort the creation of files).
set -euo pipefail

swarm=$(cd "$(dirname "$0")/.." && pwd)/target/release/swarm
[ -x "$swarm" ] || { echo "build first: cargo build --release" >&2; exit 3; }
top=$(mktemp -d "${FIGURES_DIR:-/dev/shm}/swarm-figures-XXXXXX")
trap 'rm -rf "$top"' EXIT
export GIT_CONFIG_GLOBAL=$top/gitconfig GIT_CONFIG_NOSYSTEM=1 HOME=$top
git config --global user.name figures; git config --global user.email figures@localhost; git config --global init.defaultBranch main

# A small repository: 20 files, 45 kB.
repository() {
    rm -rf "$1"; mkdir -p "$1"; cd "$1"; git init -q
    for i in $(seq 20); do head -c 1700 /dev/urandom | base64 > "file$i"; done
    git add .; git commit -qm start
}

# now: seconds with fractions.   cpu: CPU seconds of this shell's ended children.
now() { date +%s.%N; }
cpu() { awk '{print ($16 + $17) / 100}' "/proc/$$/stat"; }
calc() { awk "BEGIN {printf \"%.$2f\", $1}"; }

# The necessary git commands of one task, in a pooled worktree, and nothing else.
loop_worker() { # worker, workers, tasks
    local slot=$top/loop/slots/$1 i tree commit old
    for i in $(seq "$1" "$2" "$3"); do
        git -C "$slot" checkout -q -f --detach main
        git -C "$slot" clean -ffdq
        (cd "$slot" && sh -eu -c "echo $i > out-$i.txt")
        git -C "$slot" add -A
        git -C "$slot" commit -qm "Task $i"
        while :; do
            old=$(cat "$top/loop/.git/refs/heads/main")
            tree=$(git -C "$slot" merge-tree --write-tree "$old" HEAD)
            commit=$(git -C "$slot" commit-tree -p "$old" -m "Task $i" "$tree")
            git -C "$slot" update-ref refs/heads/main "$commit" "$old" 2>/dev/null && break
        done
    done
}

throughput() {
    local tasks=${TASKS:-200} workers began cpu0 wall_loop cpu_loop wall_swarm cpu_swarm i
    echo "## $tasks tiny script tasks on a small repository; the floor is a shell loop of the necessary git commands"
    echo "workers | loop tasks/s | loop CPU ms | swarm tasks/s | swarm CPU ms | swarm/loop"
    for workers in 1 2 4 8; do
        repository "$top/loop"; git checkout -q --detach
        for i in $(seq "$workers"); do git worktree add -q --detach "slots/$i"; done
        began=$(now); cpu0=$(cpu)
        for i in $(seq "$workers"); do loop_worker "$i" "$workers" "$tasks" & done; wait
        wall_loop=$(calc "$(now) - $began" 3); cpu_loop=$(calc "$(cpu) - $cpu0" 3)

        repository "$top/swarm"; git checkout -q --detach
        mkdir -p config; echo "base: main" > config/swarm.yaml; "$swarm" init -q > /dev/null
        for i in $(seq "$tasks"); do
            printf '# Task %s\n\n```sh\necho %s > out-%s.txt\n```\n' "$i" "$i" "$i" > "tasks/pending/.t$i"
            mv "tasks/pending/.t$i" "tasks/pending/t$i.md"
        done
        began=$(now); cpu0=$(cpu)
        "$swarm" start -n "$workers" --drain -q
        wall_swarm=$(calc "$(now) - $began" 3); cpu_swarm=$(calc "$(cpu) - $cpu0" 3)
        [ "$(git rev-list --count main)" -eq $((tasks + 1)) ] || { echo "not all were merged" >&2; exit 1; }
        echo "$workers | $(calc "$tasks / $wall_loop" 1) | $(calc "1000 * $cpu_loop / $tasks" 1) | $(calc "$tasks / $wall_swarm" 1) | $(calc "1000 * $cpu_swarm / $tasks" 1) | $(calc "$wall_loop / $wall_swarm" 2)"
    done
}

latency() {
    local count=${DROPS:-50} i
    echo "## from a file's rename into pending/ to the agent's first instruction, workers idle, $count drops (milliseconds)"
    repository "$top/latency"; "$swarm" init -q > /dev/null
    "$swarm" start -n 2 --detach -q > /dev/null
    for i in $(seq "$count"); do
        printf '# Task %s\n\n```sh\ndate +%%s%%N > %s/seen-%s\n```\n' "$i" "$top" "$i" > "tasks/pending/.t$i"
        date +%s%N > "$top/dropped-$i"
        mv "tasks/pending/.t$i" "tasks/pending/t$i.md"
        until [ -e "tasks/complete/t$i.md" ] || [ -e "tasks/blocked/t$i.md" ] || grep -q attempts: "tasks/pending/t$i.md" 2>/dev/null; do sleep 0.02; done
    done
    "$swarm" stop --now -q
    for i in $(seq "$count"); do echo "$(( ($(cat "$top/seen-$i") - $(cat "$top/dropped-$i")) / 1000 ))"; done | sort -n |
        awk '{us[NR] = $1} END {printf "median %.1f, worst %.1f (of which two runs of date and one of mv: about 3)\n", us[int((NR + 1) / 2)] / 1000, us[NR] / 1000}'
}

idle() {
    local seconds=${IDLE_SECONDS:-60} before after pid
    echo "## CPU of an idle \`swarm start -n 8\` with 10,000 complete tasks, over $seconds s"
    repository "$top/idle"; "$swarm" init -q > /dev/null
    for i in $(seq 10000); do echo "# $i" > "tasks/complete/t$i.md"; done
    pid=$("$swarm" start -n 8 --detach --json | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
    before=$(awk '{print $14 + $15}' "/proc/$pid/stat"); sleep "$seconds"; after=$(awk '{print $14 + $15}' "/proc/$pid/stat")
    echo "$(calc "($after - $before) / 100" 2) s; resident $(awk '/VmRSS/ {print $2 / 1024}' "/proc/$pid/status") MiB"
    "$swarm" stop -q
}

memory() {
    local bytes=${PRINT_BYTES:-1000000000} pid
    echo "## peak memory of a worker whose agent prints $bytes bytes"
    repository "$top/memory"; "$swarm" init -q > /dev/null
    printf '# Print\n\n```sh\nhead -c %s /dev/zero | tr "\\0" x\necho done > done.txt\n```\n' "$bytes" > tasks/pending/print.md
    pid=$("$swarm" start -n 1 --detach --json | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
    until [ -e tasks/complete/print.md ]; do sleep 0.1; done
    awk '/VmHWM/ {print $2 / 1024 " MiB peak"}' "/proc/$pid/status"
    echo "$(awk '{print ($14 + $15) / 100}' "/proc/$pid/stat") s of its own CPU; its log holds $(stat -c %s runs/*/logs/*implement.log) bytes"
    "$swarm" stop -q
}

case "${1:-all}" in
    throughput | latency | idle | memory) "$1" ;;
    all) throughput; latency; idle; memory ;;
    *) sed -n '2,4p' "$0"; exit 2 ;;
esac
