#!/bin/bash
# SPDX-License-Identifier: MIT
# Workload 1: SMTP in -> queue -> local Maildir, end to end.
#  NAME=postfix (cgroup bench_NAME holds the server)  SMTP=127.0.0.1:10025  MAILDIRS=$BENCH_ROOT/mail/user%d/Maildir  NUSERS=100
#  SIZES="4096 20480" SESS="1 20 100" N=5000 RUNS=3 KPC=0 (messages per connection, 0=unlimited) LOAD=mailload|smtp-source
. "$(dirname "$0")/lib.sh"; build || exit 1
NAME=${NAME:-postfix} SMTP=${SMTP:-127.0.0.1:10025} MAILDIRS=${MAILDIRS:-$BENCH_ROOT/mail/user%d/Maildir} NUSERS=${NUSERS:-100} N=${N:-5000} RUNS=${RUNS:-3} KPC=${KPC:-0} RCPT=${RCPT:-user%d@bench.test}
PRE=${PRE:-} ; TMO=${TMO:-180}; # WAIT: command that returns when N ($1) messages are visible; replaces maildirwait
for sz in ${SIZES:-4096 20480}; do C=$(corpus $sz); for s in ${SESS:-1 20 100}; do
  n=$N; [ $s = 1 ] && n=${N1:-$N}; acc=(); del=(); cpu=(); sys=(); p50=(); p99=()
  for r in $(seq $RUNS); do
    [ -n "$PRE" ] && eval "$PRE"; D=(); for i in $(seq 0 $((NUSERS-1))); do D+=("$(printf "$MAILDIRS" $i)"); done
[ "${WIPE:-1}" = 1 ] && find "${D[@]}" -type f -delete 2>/dev/null; sync; rm -f $BENCH_ROOT/ready; if [ -n "$WAIT" ]; then ( touch $BENCH_ROOT/ready; eval "set -- $n; $WAIT"; echo "first=0 last=$(date +%s.%N) n=$n" ) > $BENCH_ROOT/mw.out & w=$!; else $MW $n $TMO $BENCH_ROOT/ready "${D[@]}" > $BENCH_ROOT/mw.out & w=$!; fi
    for k in $(seq 100); do [ -e $BENCH_ROOT/ready ] && break; sleep .02; done
    b0=$(busy); c0=$(cg_cpu $NAME); s0=$(cg_sys $NAME); out=$($ML smtp -h $SMTP -s $s -n $n -f $C -u $NUSERS -r "$RCPT" -k $KPC -T $TMO $MLOPT); wait $w; c1=$(cg_cpu $NAME); s1=$(cg_sys $NAME); b1=$(busy)
    t0=$(sed 's/.* begin=\([0-9.]*\).*/\1/' <<<"$out")  # not when it began to read the corpus
    last=$(sed 's/.*last=\([0-9.]*\).*/\1/' $BENCH_ROOT/mw.out); got=$(sed 's/.* n=\([0-9]*\).*/\1/' $BENCH_ROOT/mw.out)
    a=$(sed 's/.*rate=\([0-9.]*\).*/\1/' <<<"$out"); d=$(calc "$got/($last-$t0)" 1); u=$(calc "($c1-$c0)*1000/$n"); y=$(calc "($s1-$s0)*1000/$n")
    echo "#raw name=$NAME size=$sz sess=$s k=$KPC run=$r delivered=$got/$n accept/s=$a deliver/s=$d cpu_s/1000=$u sys=$y cores_used_by_all=$(calc "($b1-$b0)/($(date +%s.%N)-$t0)" 2) cores_server=$(calc "($c1-$c0)/($(date +%s.%N)-$t0)" 2) | $out"
    acc+=($a); del+=($d); cpu+=($u); sys+=($y); p50+=("$(sed -n 's/.* p50=\([0-9.]*\).*/\1/p' <<<"$out")"); p99+=("$(sed -n 's/.* p99=\([0-9.]*\).*/\1/p' <<<"$out")")
    for k in $(seq 100); do [ -n "$QUEUE" ] && [ "$(eval "$QUEUE")" != 0 ] && sleep .1 || break; done
  done
  echo "w1 $NAME size=$sz sess=$s k=$KPC accepted/s $(printf '%s\n' ${acc[@]}|med) delivered/s $(printf '%s\n' ${del[@]}|med) cpu_s_per_1000 $(printf '%s\n' ${cpu[@]}|med) of_which_sys $(printf '%s\n' ${sys[@]}|med) ms_p50 $(printf '%s\n' ${p50[@]}|med) ms_p99 $(printf '%s\n' ${p99[@]}|med)"
done; done
