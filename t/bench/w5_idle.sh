#!/bin/bash
# SPDX-License-Identifier: MIT
# Workload 5: memory of idle sessions.  KIND=imap|smtp|smtp-tls (STARTTLS) NAME=dovecot|postfix HOSTPORT=127.0.0.1:10143 S=2000 NU=200 (distinct users for imap)
. "$(dirname "$0")/lib.sh"; build || exit 1; ulimit -n 20000
KIND=${KIND:-imap} NAME=${NAME:-dovecot} HOSTPORT=${HOSTPORT:-127.0.0.1:10143} S=${S:-2000} NU=${NU:-200} HOLD=${HOLD:-20} UPAT=${UPAT:-user%d} PW=${PW:-pw}
[ "$(cat /proc/sys/fs/inotify/max_user_instances)" -lt 8192 ] && echo 8192 > /proc/sys/fs/inotify/max_user_instances
a0=$(awk '/^MemAvailable/{print $2}' /proc/meminfo); k0=$(awk '/^Slab|^KernelStack|^PageTables/{t+=$2}END{print t}' /proc/meminfo)
read p0 n0 < <(cg_pss $NAME); mkfifo $BENCH_ROOT/hold.$$; sleep $((HOLD+150)) > $BENCH_ROOT/hold.$$ & H=$!
m=idle; [ $KIND = smtp ] && m=conns; c0=$(cg_cpu $NAME)
hold="$ML $m -h $HOSTPORT -U $UPAT -P $PW -u $NU -s $S -T $((HOLD+140))"; [ $KIND = smtp-tls ] && hold="nice -n $BENCH_NICE $BIN/tlshold $HOSTPORT $S"
$hold < $BENCH_ROOT/hold.$$ > $BENCH_ROOT/hold.out & L=$!
for i in $(seq 1400); do grep -q READY $BENCH_ROOT/hold.out && break; sleep .1; done; c1=$(cg_cpu $NAME); cat $BENCH_ROOT/hold.out
sleep 5; ci0=$(cg_cpu $NAME); sleep $HOLD; ci1=$(cg_cpu $NAME)
read p1 n1 < <(cg_pss $NAME); a1=$(awk '/^MemAvailable/{print $2}' /proc/meminfo); k1=$(awk '/^Slab|^KernelStack|^PageTables/{t+=$2}END{print t}' /proc/meminfo)
ok=$(sed -n 's/READY ok=\([0-9]*\).*/\1/p' $BENCH_ROOT/hold.out); ok=${ok:-1}
echo "w5 $NAME $KIND sessions=$ok pss_total_KiB=$((p1)) (before $p0) procs=$n1 (before $n0) pss_KiB_per_session=$(calc "($p1-$p0)/$ok" 1) MemAvailable_drop_KiB_per_session=$(calc "($a0-$a1)/$ok" 1) kernel_slab+stack+pagetables_KiB_per_session=$(calc "($k1-$k0)/$ok" 1) setup_cpu_ms_per_session=$(calc "($c1-$c0)*1000/$ok" 2) idle_cpu_s_per_${HOLD}s=$(calc "$ci1-$ci0")"
kill $H $L 2>/dev/null; wait $L 2>/dev/null; rm -f $BENCH_ROOT/hold.$$
