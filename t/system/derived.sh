#!/bin/sh
# SPDX-License-Identifier: MIT
# The first who lists or searches a mailbox finds it made, by whoever brought the mail: delivery, import,
# the session that appended it; and keeperd makes what is lost.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "left out: derived forms (no python3)"; exit 0; }
instance
box() { echo "$dir/mail/example.test/$1/box"; }
look() { python3 t/system/derived.py look "$(port 143)" "$1@example.test" 40; }

# --- delivery, and nobody has ever looked
python3 t/system/derived.py send "$(port 25)" ann@example.test 40
wait_for 300 test -s "$(box ann)/1.digest"
wait_for 300 test -s "$(box ann)/1.index"
sum=$(cat "$(box ann)/1.wire" "$(box ann)/1.digest" | cksum)
look ann
[ "$sum" = "$(cat "$(box ann)/1.wire" "$(box ann)/1.digest" | cksum)" ] || fail "the session made it again"
! grep -h derived_not_kept "$dir"/log/*/current || fail "something was not kept"

# --- import: at its end
ctl mailbox export ann@example.test --format mbox "$dir/mb" >/dev/null
ctl mailbox export ann@example.test "$dir/md" >/dev/null
for a in bob cai; do
  [ $a = bob ] && from=$dir/mb || from=$dir/md
  [ $a = bob ] || echo pw | ctl user add $a@example.test --password-stdin >/dev/null
  ctl mailbox import $a@example.test "$from" >/dev/null
  [ -s "$(box $a)/1.wire" ] && [ -s "$(box $a)/1.digest" ] && [ -s "$(box $a)/1.index" ] || fail "$from: nothing is made"
  look $a
done

# --- APPEND: when the client is silent, or ends
echo pw | ctl user add dan@example.test --password-stdin >/dev/null
python3 t/system/derived.py append "$(port 143)" dan@example.test 40
wait_for 100 test -s "$(box dan)/1.index"
[ -s "$(box dan)/1.wire" ] && [ -s "$(box dan)/1.digest" ] || fail "nothing is made of what was appended"
look dan

# --- lost: keeperd
rm "$(box cai)/1.wire" "$(box cai)/1.digest"
rm "$(box dan)"/1.wire "$(box dan)"/1.digest "$(box dan)"/1.index
ctl stop
sed -i 's/^keep_every = .*/keep_every = "1s"/' "$dir/etc/jdmail.toml"
ctl start
for a in cai dan; do
  wait_for 600 test -s "$(box $a)/1.digest"
  wait_for 300 grep -q "derived .*user=$a@example.test folder=1 messages=40" "$dir/log/keeperd/current"
  look $a
done
