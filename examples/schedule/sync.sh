#!/usr/bin/env bash
# 17 * * * * /opt/klaviyo/sync.sh /var/lib/klaviyo target-duckdb --config /etc/target.json
# The folder has config.json, may have catalog.json, and gets state.json. One folder for each account.
set -euo pipefail
folder=$1
shift
cd "$folder"

# The tap inherits the lock, so a run whose shell was killed still keeps the next one out.
exec 9>lock
flock --nonblock 9 || { echo "another run holds $folder/lock; nothing to do" >&2; exit 0; }

keep() {
  local line='' last=''
  # A line that a killed target did not finish is no state: read fails on it.
  while IFS= read -r line; do last=$line; done <printed
  if [ -n "$last" ]; then
    printf '%s\n' "$last" >state.json.new
    # A rename in one folder is all or nothing.
    mv state.json.new state.json
  fi
  rm printed
}

# What is left of a run that was killed before it could keep its state.
if [ -e printed ]; then keep; fi

# A key from a secret store is in the environment: TAP_KLAVIYO_AUTH_TOKEN.
arguments=(--config config.json --config=ENV)
if [ -s catalog.json ]; then arguments+=(--catalog catalog.json); fi
if [ -s state.json ]; then arguments+=(--state state.json); fi

code=0
# What the target printed and nothing else: only the target knows what it has stored.
tap-klaviyo "${arguments[@]}" | "$@" >printed || code=$?
# Also after a failure: what was stored is not read again.
keep
exit "$code"
