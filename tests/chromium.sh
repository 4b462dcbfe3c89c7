#!/usr/bin/env bash
# Finds or installs what the browser tests need. Root on Debian: Chromium and a CJK font by apt. Elsewhere: what is there.
set -eu
[ "${BROWSER:-1}" = 0 ] && exit 0
export PATH="$PATH:/usr/sbin:/sbin"
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
  if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then found=1; break; fi
done
[ -d "/Applications/Google Chrome.app" ] && found=1
fonts=$(fc-list :lang=zh 2>/dev/null | head -n 1 || true)
if { [ -z "${found:-}" ] || [ -z "$fonts" ]; } && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium and a CJK font (once) …"
  log=$(mktemp)
  { timeout 300 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 500 apt-get install -y -qq \
      --no-install-recommends chromium fonts-noto-cjk; } >"$log" 2>&1 || { tail -n 3 "$log" >&2; exit 1; }
fi
