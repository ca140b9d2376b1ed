#!/bin/bash
# SPDX-License-Identifier: MIT
# Workload 6: DEFERRED (1000000) messages sit deferred: the time of a start, what qrun holds for each, and how fast new
# mail passes beside the same with an empty queue, before and after in one run.  jdmail alone: its own measure.
. "$(dirname "$0")/lib.sh"; build || exit 1
J=$BENCH/peers/jdmail.sh FILL=${FILL:-$BENCH/../../out/release/t/fill_queue} R=$BENCH_ROOT/jdmail DEFERRED=${DEFERRED:-1000000} N=${N:-5000}
flow() { QUEUE=true PRE="$J mark" WAIT="$J wait \$1" WIPE=0 RUNS=${RUNS:-3} SIZES=4096 SESS=20 NAME=jdmail SMTP=127.0.0.1:31025 N=$N ./w1_smtp.sh | sed -n 's|^w1.*delivered/s \([0-9.e+]*\) .*|\1|p'; }
memory() { awk '/^Pss:/{print $2*1024}' /proc/$(pgrep -f "bin/qrun --prefix $R " | head -1)/smaps_rollup; }
cd "$(dirname "$0")" || exit 1
$J start >/dev/null 2>&1; sleep 2; empty=$(flow); m0=$(memory); $J stop >/dev/null 2>&1
t0=$(date +%s.%N); nice -n $BENCH_NICE $FILL $R/queue $DEFERRED 500 24 || exit 1; filled=$(calc "$(date +%s.%N)-$t0" 0)
sync; echo 3 > /proc/sys/vm/drop_caches
t0=$(date +%s.%N); $J start >/dev/null 2>&1; up=$(calc "$(date +%s.%N)-$t0" 1); sleep 5; full=$(flow); m1=$(memory)
echo "w6 jdmail deferred=$DEFERRED filled_in_s=$filled start_s=$up qrun_bytes_per_message=$(calc "($m1-$m0)/$DEFERRED" 1) new_mail_empty/s=$empty new_mail_full/s=$full ratio=$(calc "$full/$empty" 2)"
$J stop >/dev/null 2>&1
find $R/queue/deferred -mindepth 1 -delete
