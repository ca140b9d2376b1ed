# SPDX-License-Identifier: MIT
# What the system tests share; source me.  Each gets an instance of its own in a scratch directory,
# on its own range of ports, and stops it at the end whatever happens.
set -e
cd "$(dirname "$0")/../.."
O=${O:-out/release}
B=$O/bin
dir=$(mktemp -d /tmp/jdmail-system-XXXXXX)
# A range of 3000 ports that nobody else has: the lock lives as long as this shell.
for base in 20000 24000 28000 32000 36000 40000 44000 48000; do
  exec 9>"/tmp/jdmail-ports-$base.lock"
  flock -n 9 && break
done
ctl() { "$B/jdctl" --prefix "$dir" "$@" 9>&-; }
finish() {
  status=$?
  ctl stop >/dev/null 2>&1 || true
  if [ $status != 0 ]; then
    for f in "$dir"/log/*/current; do echo "--- $f"; tail -n 15 "$f"; done
  fi
  rm -rf "$dir"
  exit $status
}
trap finish EXIT
port() { echo $((base + $1)); }
fail() { echo "FAIL: $*"; exit 1; }
instance() {  # instance [settings...]: made, with ann and bob (password pw), started
  ctl init --domain example.test --port-base "$base" --yes
  for a in ann bob; do echo pw | ctl user add "$a@example.test" --password-stdin; done
  ctl start
}
wait_for() {  # wait_for N command...: up to N tenths of a second
  n=$1; shift
  while [ "$n" -gt 0 ]; do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; n=$((n - 1)); done
  fail "did not come true: $*"
}
