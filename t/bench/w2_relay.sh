#!/bin/bash
# SPDX-License-Identifier: MIT
# Workload 2: SMTP in -> queue -> SMTP out to smtp-sink (port ${SINK_PORT:-10026}).  The server must route
#   *@one.test -> [127.0.0.1]:SINK_PORT      (one destination)      *@dK.test (K=0..49) -> [127.0.1.K]:SINK_PORT   (50 destinations)
#  NAME SMTP SIZES SESS N RUNS KPC as in w1;  DESTS="one fifty"
. "$(dirname "$0")/lib.sh"; build || exit 1
NAME=${NAME:-postfix} SMTP=${SMTP:-127.0.0.1:10025} N=${N:-5000} RUNS=${RUNS:-3} KPC=${KPC:-0} TMO=${TMO:-180} SINK_PORT=${SINK_PORT:-10026}
# smtp-sink -c prints running counters (sess= quit= mesg=); we read the last mesg=
SO=$BENCH_ROOT/sink.out; stdbuf -o0 smtp-sink -c -m 2000 -u nobody 0.0.0.0:$SINK_PORT 1000 > $SO 2>/dev/null & SP=$!; trap 'kill $SP 2>/dev/null' EXIT; sleep .3
# No process for a look: on a small machine five of them every 50 ms would take what is measured.
exec 7< $SO; last=0 rest=
look() { local all; IFS= read -r -d '' -u 7 all; all=$rest$all rest=${all: -40}; case $all in *mesg=*) all=${all##*mesg=}; [ -n "${all%%[!0-9]*}" ] && last=${all%%[!0-9]*} ;; esac; }
pause() { read -r -t .01 -u 8; }
exec 8<> <(:)
for sz in ${SIZES:-4096 20480}; do C=$(corpus $sz); for s in ${SESS:-20}; do for dst in ${DESTS:-one fifty}; do
  if [ $dst = one ]; then R='user%d@one.test'; D=1; else R='user%d@d%d.test'; D=50; fi; acc=(); del=(); cpu=()
  for r in $(seq $RUNS); do sync; : ; look; b=$last; k0=$(awk '{print $14+$15}' /proc/$SP/stat)
    c0=$(cg_cpu $NAME); b0=$(busy); out=$($ML smtp -h $SMTP -s $s -n $N -f $C -u 100 -d $D -r "$R" -k $KPC -T $TMO $MLOPT)
    t0=$(sed 's/.* begin=\([0-9.]*\).*/\1/' <<<"$out")  # not when it began to read the corpus
    for ((i = 0; i < TMO*100; i++)); do look; g=$last; [ $((g-b)) -ge $N ] && break; pause; done; t1=$(date +%s.%N); c1=$(cg_cpu $NAME); b1=$(busy); k1=$(awk '{print $14+$15}' /proc/$SP/stat)
    a=$(sed 's/.*rate=\([0-9.]*\).*/\1/' <<<"$out"); d=$(calc "($g-$b)/($t1-$t0)" 1); u=$(calc "($c1-$c0)*1000/$N")
    echo "#raw name=$NAME size=$sz sess=$s dest=$dst run=$r relayed=$((g-b))/$N accept/s=$a relay/s=$d cpu_s/1000=$u cores_used_by_all=$(calc "($b1-$b0)/($t1-$t0)" 2) cores_server=$(calc "($c1-$c0)/($t1-$t0)" 2) sinkcpu=$(calc "($k1-$k0)/100") | $out"; acc+=($a); del+=($d); cpu+=($u)
    for k in $(seq 100); do [ -n "$QUEUE" ] && [ "$(eval "$QUEUE")" != 0 ] && sleep .1 || break; done
  done
  echo "w2 $NAME size=$sz sess=$s dest=$dst accepted/s $(printf '%s\n' ${acc[@]}|med) relayed/s $(printf '%s\n' ${del[@]}|med) cpu_s_per_1000 $(printf '%s\n' ${cpu[@]}|med)"
done; done; done
