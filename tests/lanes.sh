#!/usr/bin/env bash
# All tests in two lanes at once, each with a database server of its own: what Chromium walks, and the rest. Together
# they take little longer than the longer one, even on two cores, since each of them waits for others half its time.
#   tests/lanes.sh [what pytest takes]
set -uo pipefail
pytest=${PYTEST:-.venv/bin/pytest}
told=$(mktemp)
trap 'rm -f "$told"; [ -z "${browser:-}" ] || kill "$browser" 2>/dev/null' EXIT
readonly NOTHING_TO_RUN=5

"$pytest" -q -m "browser or last" "$@" >"$told" 2>&1 &
browser=$!
"$pytest" -q -m "not browser" "$@"
rest=$?
[ "$rest" -eq 0 ] && echo "The pages are still being walked …"
wait "$browser"
pages=$?
browser=
echo "The pages, walked in Chromium:"
cat "$told"
[ "$rest" -eq $NOTHING_TO_RUN ] && rest=$pages
[ "$pages" -eq $NOTHING_TO_RUN ] && pages=$rest
exit $((rest > pages ? rest : pages))
