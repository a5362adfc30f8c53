#!/usr/bin/env bash
# Many tasks that change the same line, worked on by shell scripts with sessions that keep both sides' lines.
#   benches/storm.sh [TASKS] [WORKERS] [SETTINGS…]     50 and 8; each SETTINGS is a line for config/swarm.yaml
# Says how many landed, in what time, with how many resolutions, and what the losers say; fails if a line is dropped.
# Works in a folder below $FIGURES_DIR (default /dev/shm). $SWARM names another program than target/release/swarm.
set -euo pipefail

tasks=${1:-50} workers=${2:-8}
shift $(($# < 2 ? $# : 2))
swarm=${SWARM:-$(cd "$(dirname "$0")/.." && pwd)/target/release/swarm}
[ -x "$swarm" ] || { echo "build first: cargo build --release" >&2; exit 3; }
top=$(mktemp -d "${FIGURES_DIR:-/dev/shm}/swarm-storm-XXXXXX")
trap 'rm -rf "$top"' EXIT
export GIT_CONFIG_GLOBAL=$top/gitconfig GIT_CONFIG_NOSYSTEM=1 HOME=$top
git config --global user.name storm; git config --global user.email storm@localhost; git config --global init.defaultBranch main

mkdir "$top/storm"; cd "$top/storm"; git init -q
printf 'the first line\nthe last line\n' > lines.txt
git add .; git commit -qm start
"$swarm" init -q > /dev/null
mkdir -p config/agents
cat > "$top/author.sh" <<'END'
set -eu
case $(cat) in
*'your work contradicts it'*) sed -i -e '/^|||||||/,/^=======/d' -e '/^<<<<<<<\|^>>>>>>>/d' lines.txt ;;
*) case $SWARM_TASK in
   clean*) echo x > "$SWARM_TASK.txt" ;;
   *) sed -i "1a line of $SWARM_TASK" lines.txt ;;
   esac ;;
esac
echo COMPLETE_AND_READY_FOR_MERGE
END
cat > config/agents/author.yaml <<END
argv: [sh, $top/author.sh, "{args}"]
args: {new_session: [--begin, "{new_session}"], resume: [--go-on, "{session}"]}
session: {minted_by: us}
END
{ echo 'workers: [{agent: author}]'; printf '%s\n' "$@"; } > config/swarm.yaml
for i in $(seq -w "$tasks"); do
    echo "# Line $i" > "tasks/pending/line-$i.md"
    [ $((10#$i % 5)) -ne 0 ] || echo "# Clean $i" > "tasks/pending/clean-$i.md"
done

began=$(date +%s%N)
timeout "${BOUND:-1800}" "$swarm" start -n "$workers" --drain -q > /dev/null || true
ms=$((($(date +%s%N) - began) / 1000000))

landed=$(find tasks/complete -name 'line-*.md' | wc -l)
clean=$(find tasks/complete -name 'clean-*.md' | wc -l)
cat runs/*/cycles/*.json > "$top/cycles"
echo "$tasks tasks on one line and $((tasks / 5)) clean ones, $workers workers: $landed and $clean landed in $((ms / 1000)).$((ms % 1000 / 100)) s"
echo "resolutions: $(grep -c '"step": *"resolve"' "$top/cycles" || true); cycles by outcome:" \
    $(grep -o '"outcome": *"[a-z_]*"' "$top/cycles" | sort | uniq -c | awk '{gsub(/"|outcome|:/, ""); print $2, $1}')
echo "a clean one took at most $(tr -d '\n ' < "$top/cycles" | sed 's/}{/}\n{/g' | grep '"task":"clean-' |
    grep -o '"duration_ms":[0-9]*' | cut -d: -f2 | sort -n | tail -1) ms from its claim to its end"
for file in tasks/blocked/*.md; do
    [ -e "$file" ] && echo "$(basename "$file" .md): $(grep -m1 -o 'ended as .*' "$file" || echo 'says nothing')"
done | sort | awk -F': ' '{count[$2 ": " $3]++} END {for (words in count) print count[words], "losers say:", words}'

git show main:lines.txt | sed -n 's/^line of //p' | sort > "$top/lines"
find tasks/complete -name 'line-*.md' -printf '%f\n' | sed 's/\.md$//' | sort > "$top/landed"
diff "$top/landed" "$top/lines" || { echo "a line was dropped" >&2; exit 1; }
[ $((landed + clean + $(find tasks/blocked -name '*.md' | wc -l))) -eq $((tasks + tasks / 5)) ] || { echo "not every task has ended" >&2; exit 1; }
