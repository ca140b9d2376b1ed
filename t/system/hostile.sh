#!/bin/sh
# SPDX-License-Identifier: MIT
# Slow, hostile and stupid clients at smtpd, each kind by itself, while a neighbour's mail goes on; and
# those whom the operator trusts: PROXY, XCLIENT, ETRN.  Who is who is told by addresses of 127.0.0.0/8.
. "$(dirname "$0")/lib.sh"
ctl init --domain example.test --port-base "$base" --yes
for a in ann bob; do echo pw | ctl user add "$a@example.test" --password-stdin; done
set_to() { sed -i "/^\[$1\]/,/^\[/s|^$2 = .*|$2 = $3|" "$dir/etc/jdmail.toml"; }
set_to smtp unlimited_from '["127.0.0.1"]'
set_to smtp greet_delay '"1s"'
set_to smtp idle '"3s"'
set_to smtp session '"8s"'
set_to smtp min_rate 1000
set_to smtp memory '"16M"'
set_to smtp errors 8
set_to smtp tarpit '"200ms"'
set_to smtp connections_per_ip 10
set_to smtp messages_per_minute 20
set_to smtp recipients_per_minute 30
set_to smtp unknown_per_minute 10
set_to smtp messages_per_session 3
set_to smtp refuse_from '["127.0.0.6"]'
set_to smtp etrn_from '["127.0.0.7"]'
set_to smtp xclient_from '["127.0.0.8"]'
set_to listen proxy_from '["127.0.0.9"]'
set_to auth relay_from '["127.0.0.5"]'
set_to submission messages_per_hour 3
set_to submission recipients_per_hour 5
set_to submission bytes_per_day '"2M"'
set_to relay smarthost '"127.0.0.1:1"'
set_to relay tls '"never"'
ctl config check
ctl start
python3 t/system/hostile.py "$dir" "$(port 25)" "$(port 587)"
for event in early_talker limit_reached recipient_refused message_refused sender_refused session_ended_early proxy_refused etrn idle; do
  grep -q " $event " "$dir/log/smtpd/current" || fail "smtpd does not log $event"
done
for limit in messages_per_minute recipients_per_minute unknown_per_minute connections_per_ip refuse_from memory messages_per_hour recipients_per_hour bytes_per_day; do
  grep -q "limit=$limit " "$dir/log/smtpd/current" || fail "smtpd does not log limit=$limit"
done
! grep -q worker_died "$dir/log/smtpd/current" || fail "a worker died"
