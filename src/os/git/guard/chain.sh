#!/bin/sh
# Laid here by swarm for the turn of an agent, and in force in that alone: runs the repository's own hook of this name.
theirs=$(unset GIT_CONFIG_PARAMETERS && git rev-parse --git-path hooks) || exit 0
hook=$theirs/${0##*/}
[ -n "$theirs" ] && [ -x "$hook" ] || exit 0
exec "$hook" "$@"
