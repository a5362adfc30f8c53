#!/bin/sh
# Laid here by swarm for the turn of an agent, and in force in that alone: refs that are not the agent's do not move.
base=@BASE@ shown=@SHOWN@ own=@OWN@ checkout=@CHECKOUT@ common=@COMMON@ chained=@CHAINED@ made=@MADE@

refuse() {
    echo "swarm: $1" >&2
    exit 1
}

# `git gc` packs refs: they keep their commits.
stays() {
    case $new in
    ref:*) return 1 ;;
    *[!0]*) [ "$(git rev-parse --verify --quiet "$ref")" = "$new" ] ;;
    *) case $old in
        *[!0]*) grep -qxF "$old $ref" "$common/packed-refs" 2>/dev/null ;;
        *) return 1 ;;
        esac ;;
    esac
}

# The user's checkout and the other worktrees of the swarm are not.
is_own() {
    dir=${GIT_DIR:-.git}
    [ "$dir" -ef "$own" ] && return
    [ ! "$dir" -ef "$checkout" ] && [ ! "$dir" -ef "$common" ] && [ ! -e "$dir/swarm-slot" ]
}

# Branches and tags that were here before are somebody else's; what was made in this worktree is its own.
is_made_here() {
    grep -qxF "$ref" "$made" 2>/dev/null && return
    [ -z "$(git rev-parse --verify --quiet "$ref")" ] && printf '%s\n' "$ref" >>"$made"
}

look() {
    while read -r old new ref; do
        case $ref in
        "$base" | "$shown") stays || refuse "only what is verified comes to ${base#refs/heads/}: commit to a detached HEAD or a branch of your own" ;;
        refs/swarm/*) stays || refuse "$ref is the swarm's: it is not moved by an agent" ;;
        refs/heads/* | refs/tags/*) is_made_here || stays || refuse "$ref was here before, and is not yours: make one of another name" ;;
        HEAD) is_own || refuse "this checkout is somebody else's: work in your own worktree" ;;
        esac
    done
}

if [ "$chained" = no ]; then
    [ "$1" != prepared ] || look
    exit 0
fi
lines=$(cat)
[ "$1" != prepared ] || printf '%s\n' "$lines" | look || exit 1
theirs=$(unset GIT_CONFIG_PARAMETERS && git rev-parse --git-path hooks) || exit 0
[ -n "$theirs" ] && [ -x "$theirs/reference-transaction" ] || exit 0
printf '%s\n' "$lines" | "$theirs/reference-transaction" "$@"
