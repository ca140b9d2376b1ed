#!/bin/bash
# SPDX-License-Identifier: MIT
# Workload 3: POP3.  NAME=dovecot POP3=127.0.0.1:10110 UPAT=user%d PW=pw ; boxes user0..user$((BOXES-1)) hold NMSG messages of SZ bytes (made here in MAILDIRS unless MAKE=0)
. "$(dirname "$0")/lib.sh"; build || exit 1
NAME=${NAME:-dovecot} POP3=${POP3:-127.0.0.1:10110} UPAT=${UPAT:-user%d} PW=${PW:-pw} MAILDIRS=${MAILDIRS:-$BENCH_ROOT/mail/user%d/Maildir} BOXES=${BOXES:-4} NMSG=${NMSG:-1000} SZ=${SZ:-20480} RUNS=${RUNS:-3} OWNER=${OWNER:-5000:5000}
if [ "${MAKE:-1}" = 1 ]; then for i in $(seq 0 $((BOXES-1))); do d=$(printf "$MAILDIRS" $i); rm -rf "$d"; python3 $BENCH/corpus/gen_corpus.py --out "$d" --format maildir --count $NMSG --size $SZ --seed $((100+i)); chown -R $OWNER "$d"; done; fi
cpu() { cg_cpu $NAME; }
one() { local label=$1; shift; local v=() u=(); for r in $(seq $RUNS); do [ -n "$DROP" ] && { sync; echo 3 > /proc/sys/vm/drop_caches; }; c0=$(cpu); b0=$(busy); t0=$(date +%s.%N); out=$("$@"); c1=$(cpu); b1=$(busy); echo "#raw $label cpu=$(calc "$c1-$c0") cores_used_by_all=$(calc "($b1-$b0)/($(date +%s.%N)-$t0)" 2) | $out"; m=$(sed -n 's/.*MB\/s=\([0-9.]*\).*/\1/p' <<<"$out"); [ -n "$m" ] || m=$(sed 's/.*rate=\([0-9.]*\).*/\1/' <<<"$out"); v+=($m); n=$(sed 's/.*n=\([0-9]*\) .*/\1/' <<<"$out"); u+=($(calc "($c1-$c0)*1000/$n")); done
 echo "w3 $NAME $label $(printf '%s\n' ${v[@]}|med) cpu_s_per_1000 $(printf '%s\n' ${u[@]}|med)"; }
# Everybody logs in once before: it is RETR that is measured, not how much work a password is.
$ML pop3login -h $POP3 -U "$UPAT" -P $PW -u $BOXES -s 1 -n $BOXES > /dev/null
DROP=1 one "RETR-all MB/s sessions=1 cold" $ML pop3retr -h $POP3 -U "$UPAT" -P $PW -s 1 -u 1
one "RETR-all MB/s sessions=1 warm" $ML pop3retr -h $POP3 -U "$UPAT" -P $PW -s 1 -u 1
one "RETR-all MB/s sessions=1 warm pipelined" $ML pop3retr -h $POP3 -U "$UPAT" -P $PW -s 1 -u 1 -p
one "RETR-all MB/s sessions=4 warm" $ML pop3retr -h $POP3 -U "$UPAT" -P $PW -s 4 -n 4 -u $BOXES
for s in ${LSESS:-1 20}; do one "login+STAT+QUIT logins/s sessions=$s (1000-msg box)" $ML pop3login -h $POP3 -U "$UPAT" -P $PW -u $BOXES -s $s -n ${NLOGIN:-500}; done
