#!/bin/bash
# SPDX-License-Identifier: MIT
# Workload 4b: full-text search of the boxes that w4 filled: making the index, its size, and SEARCH with it.
#  NAME IMAP UPAT PW COUNTS as in w4;  INDEXCMD makes the index of $USER from nothing, INDEXDIR is where it is, MAILDIR what it is of.
#  Dovecot: DOVECOT_FTS=1 peers/dovecot.sh start first.
. "$(dirname "$0")/lib.sh"; build || exit 1
NAME=${NAME:-dovecot} IMAP=${IMAP:-127.0.0.1:10143} UPAT=${UPAT:-user%d} PW=${PW:-pw}
INDEXCMD=${INDEXCMD:-'doveadm -c $BENCH_ROOT/dovecot/dovecot.conf index -u $USER INBOX'} INDEXDIR=${INDEXDIR:-'$BENCH_ROOT/mail/$USER/Maildir/xapian-indexes'} MAILDIR=${MAILDIR:-'$BENCH_ROOT/mail/$USER/Maildir/cur'}
if [ $CGV = 1 ]; then export CPUFILE=$CGBASE/bench_$NAME/cpuacct.usage; else export CPUFILE=$CGBASE/bench_$NAME/cpu.stat; fi
for n in ${COUNTS:-10000}; do
  U=$((${UBASE:-300} + ${#n})) USER=$(printf "$UPAT" $U) d=$(eval echo "$INDEXDIR")
  rm -rf "$d"
  c0=$(cg_cpu $NAME) t0=$(date +%s.%N)
  eval "incg $NAME timeout ${IDXTMO:-240} $INDEXCMD" >/dev/null; rc=$?
  t1=$(date +%s.%N) c1=$(cg_cpu $NAME)
  echo "w4b $NAME index n=$n rc=$rc sec=$(calc "$t1-$t0") msgs/s=$(calc "$n/($t1-$t0)" 1) cpu_s=$(calc "$c1-$c0") index_KiB=$(du -sk "$d" 2>/dev/null | cut -f1) mail_KiB=$(du -sk --apparent-size "$(eval echo "$MAILDIR")" 2>/dev/null | cut -f1)"
  for r in $(seq ${RUNS:-3}); do
    $ML imap -h $IMAP -U $USER -P $PW "SELECT INBOX" "UID SEARCH BODY zyzzyva" "UID SEARCH SUBJECT quokka" "UID SEARCH TEXT nosuchwordhere" "UID SEARCH BODY meeting" | sed "s/^/w4b $NAME n=$n run=$r /"
  done
done
