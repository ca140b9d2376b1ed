#!/bin/sh
# SPDX-License-Identifier: MIT
# make run: an instance in ./var with two accounts, one message sent and read back; what to do next.
# A second call finds it running and says so.
set -e
cd "$(dirname "$0")/.."
ctl="out/release/bin/jdctl --prefix var"
show() {
  echo
  echo "jdmail is running in ./var.  Point a mail client at:"
  $ctl endpoints | sed 's/^/  /'
  echo "  accounts: ann@example.test and bob@example.test, password in var/etc/first-password"
  echo "  (the certificate is self-signed: accept it once)"
  echo "Look: out/release/bin/jdctl --prefix var status | queue list | trace ann@example.test"
  echo "Stop: out/release/bin/jdctl --prefix var stop"
}
if [ -e var/etc/jdmail.toml ] && $ctl status >/dev/null 2>&1; then
  echo "already running"
  show
  exit 0
fi
if [ ! -e var/etc/first-password ]; then
  [ -e var/etc/jdmail.toml ] || $ctl init --domain example.test --port-base "${PORT_BASE:-2000}" --yes
  umask 077
  openssl rand -base64 12 >var/etc/first-password.new
  for a in ann bob; do
    $ctl user add "$a@example.test" --password-stdin <var/etc/first-password.new
  done
  mv var/etc/first-password.new var/etc/first-password
fi
$ctl start
echo "sending a first message through submission ..."
python3 contrib/hello.py var
show
