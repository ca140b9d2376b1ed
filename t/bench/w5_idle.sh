#!/bin/bash
# SPDX-License-Identifier: MIT
# Workload 5: memory of idle sessions.  KIND=smtp|starttls|imap|imaps (IMAP: in IDLE in INBOX) NAME=dovecot|postfix|jdmail
#  HOSTPORT=127.0.0.1:10143 S=2000 sessions, of NU=200 users for IMAP.  They are looked at after SETTLE seconds, and when there
#  are no more processes than before, or no fewer: jdmail parks them (5 s) and lets the last processes go (10 s more).  DELIVER=command: run with $USER in its
#  environment, it delivers one message to the user of the last session; those of its sessions that are told are counted,
#  and others.
. "$(dirname "$0")/lib.sh"; build || exit 1; ulimit -n "$(ulimit -Hn)"
KIND=${KIND:-imap} NAME=${NAME:-dovecot} HOSTPORT=${HOSTPORT:-127.0.0.1:10143} S=${S:-2000} NU=${NU:-200} HOLD=${HOLD:-20} UPAT=${UPAT:-user%d} PW=${PW:-pw}
SETTLE=${SETTLE:-20}
[ "$(cat /proc/sys/fs/inotify/max_user_instances)" -lt 8192 ] && echo 8192 > /proc/sys/fs/inotify/max_user_instances
available() { awk '/^MemAvailable/{print $2}' /proc/meminfo; }
kernel() { awk '/^Slab|^KernelStack|^PageTables/{t+=$2}END{print t}' /proc/meminfo; }
: > $BENCH_ROOT/hold.out; a0=$(available) k0=$(kernel) out=$BENCH_ROOT/hold.out
read p0 n0 < <(cg_pss $NAME); mkfifo $BENCH_ROOT/hold.$$; c0=$(cg_cpu $NAME)
nice -n $BENCH_NICE timeout 2000 $BIN/hold $KIND $HOSTPORT $S $NU "$UPAT" $PW < $BENCH_ROOT/hold.$$ >> $out & L=$!
exec 8> $BENCH_ROOT/hold.$$; rm $BENCH_ROOT/hold.$$
for i in $(seq 9000); do grep -q READY $out && break; kill -0 $L 2>/dev/null || break; sleep .1; done; c1=$(cg_cpu $NAME); cat $out
sleep $SETTLE; same=0 last=; for i in $(seq 60); do read p1 n1 < <(cg_pss $NAME); [ $n1 -le $n0 ] && break; [ "$n1" = "$last" ] && same=$((same + 1)) || same=0; [ $same = 5 ] && break; last=$n1; sleep 1; done; ci0=$(cg_cpu $NAME); sleep $HOLD; ci1=$(cg_cpu $NAME)
read p1 n1 < <(cg_pss $NAME); a1=$(available) k1=$(kernel)
ok=$(sed -n 's/READY ok=\([0-9]*\).*/\1/p' $out); ok=${ok:-0}; [ "$ok" -gt 0 ] || ok=1
told() { echo told >&8; local i; for i in $(seq 50); do grep -q "^TOLD" $out && break; sleep .1; done; grep TOLD $out; }
if [ -n "$DELIVER" ]; then
  : > $out; told >/dev/null; : > $out; USER=$(printf "$UPAT" $((NU - 1))) bash -c "$DELIVER"; sleep ${TELL:-10}; news=$(told)
fi
echo "w5 $NAME $KIND sessions=$ok pss_total_KiB=$((p1)) (before $p0) procs=$n1 (before $n0) pss_KiB_per_session=$(calc "($p1-$p0)/$ok" 1) MemAvailable_drop_KiB_per_session=$(calc "($a0-$a1)/$ok" 1) kernel_slab+stack+pagetables_KiB_per_session=$(calc "($k1-$k0)/$ok" 1) setup_cpu_ms_per_session=$(calc "($c1-$c0)*1000/$ok" 2) idle_cpu_s_per_${HOLD}s=$(calc "$ci1-$ci0") $news"
exec 8>&-; wait $L 2>/dev/null
