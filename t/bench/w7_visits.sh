#!/bin/bash
# SPDX-License-Identifier: MIT
# Workload 7: IMAP visits.  LOGIN and LOGOUT alone; and 50 clients, each with a user of its own, that log in, select, do
#  five things and log out again and again.  NAME IMAP as in w4; UPAT's users 0..49 get 100 messages each first.
. "$(dirname "$0")/lib.sh"; build || exit 1
NAME=${NAME:-dovecot} IMAP=${IMAP:-127.0.0.1:10143} UPAT=${UPAT:-user11%02d} PW=${PW:-pw} RUNS=${RUNS:-3} C=$(corpus 4096)
[ -n "$FILLED" ] || $ML append -h $IMAP -U "$UPAT" -P $PW -u 50 -s 50 -n 5000 -f "$C" -m INBOX -T 300 >/dev/null
one() {
  local label=$1 r out c0 c1 v=() u=(); shift
  for r in $(seq $RUNS); do
    c0=$(cg_cpu $NAME); out=$("$@"); c1=$(cg_cpu $NAME); echo "#raw $label | $out"
    v+=("$(sed 's/.*rate=\([0-9.]*\).*/\1/' <<<"$out")"); u+=("$(calc "($c1-$c0)*1000/$(sed 's/.* n=\([0-9]*\) .*/\1/' <<<"$out")")")
  done
  echo "w7 $NAME $label /s $(printf '%s\n' ${v[@]}|med) cpu_s_per_1000 $(printf '%s\n' ${u[@]}|med)"
}
one "IMAP login and LOGOUT, sessions: 20" $ML imaplogin -h $IMAP -U "$UPAT" -P $PW -u 50 -s 20 -n ${NLOGIN:-1000}
one "IMAP visits with five commands, clients: 50" $ML mixed -h $IMAP -U "$UPAT" -P $PW -u 50 -s 50 -n ${NVISITS:-1000} -f "$C" -m INBOX
