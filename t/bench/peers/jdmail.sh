#!/bin/bash
# SPDX-License-Identifier: MIT
# jdmail.sh start|stop|queue|wait N|wipe USER|empty N    jdmail on 127.0.0.1, ports PORTS=31000 + the well-known ones; users user0..399@bench.test,
#  password pw; in the cgroup CGROUP=jdmail; *@one.test and *@d0.test..d49.test go by MX to port ${SINK_PORT:-10026} of loopback addresses (nsd answers on 31053).
#  wipe USER: as new mail of his is that nobody has listed or searched: what sessions derived from it is gone, what the programs
#   that bring and keep mail make by themselves is there; nobody has it open (started anew).
#  empty N: the first N users have one message each, and their mailboxes are as that found them: Postfix's Maildirs are emptied before each run.
#  wait N: returns when N more messages than at the last `mark` have been delivered.
. "$(dirname "$0")/../lib.sh"; R=$BENCH_ROOT/jdmail; B=${JDMAIL_BIN:-$BENCH/../../out/release/bin}; SINK_PORT=${SINK_PORT:-10026}
ctl() { "$B/jdctl" --prefix $R "$@"; }
delivered() { "$BIN/jdwait" $R/run/qrun-admin.sock "$@"; }
zone() {
  mkdir -p $R/nsd; local i
  { echo '$TTL 3600'; echo '@ SOA ns.test. root.test. 1 3600 3600 3600 3600'; echo '@ NS ns.test.'; echo 'ns A 127.0.0.1'; echo 'one MX 10 h.one'; echo 'h.one A 127.0.0.1'
    for i in $(seq 0 49); do echo "d$i MX 10 h.d$i"; echo "h.d$i A 127.0.1.$i"; done; echo 'sender A 127.0.0.1'; } > $R/nsd/test.zone
  cat > $R/nsd/nsd.conf <<N
server:
  ip-address: 127.0.0.1@$((${PORTS:-31000} + 53))
  zonesdir: "$R/nsd"
  database: ""
  pidfile: "$R/nsd/pid"
  zonelistfile: "$R/nsd/zones"
  xfrdfile: "$R/nsd/xfrd"
  xfrdir: "$R/nsd"
  username: ""
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: test.
  zonefile: test.zone
N
}
setup() {
  [ -e $R/etc/jdmail.toml ] && return
  ctl init --domain bench.test --port-base ${PORTS:-31000} --yes >/dev/null
  sed -i 's|^relay_from = .*|relay_from = ["127.0.0.0/8"]|' $R/etc/jdmail.toml
  grep -q '^relay_from' $R/etc/jdmail.toml || { echo "no relay_from in the configuration"; exit 1; }
  sed -i "/^\[dns\]/,/^\[/s|^servers = .*|servers = [\"127.0.0.1@$((${PORTS:-31000} + 53))\"]|; /^\[relay\]/,/^\[/s|^port = .*|port = $SINK_PORT|" $R/etc/jdmail.toml
  local i; for i in $(seq 0 $((${NUSERS:-400}-1))); do echo pw | ctl user add user$i@bench.test --password-stdin >/dev/null || exit 1; done
}
case $1 in
 start) setup; zone; nice -n $BENCH_NICE nsd -c $R/nsd/nsd.conf; ulimit -n 20000; incg "${CGROUP:-jdmail}" "$B/jdctl" --prefix $R start ;;
 stop) ctl stop >/dev/null; kill "$(cat $R/nsd/pid)" ;;
 wipe) ctl stop >/dev/null; (cd "$R/mail/bench.test/$2" && rm -f -- box/1.wire box/1.digest box/1.index kept); incg "${CGROUP:-jdmail}" "$B/jdctl" --prefix $R start >/dev/null
   until [ -e "$R/mail/bench.test/$2/kept" ]; do sleep .1; done ;;
 empty) for i in $(seq 0 $(($2-1))); do (cd "$R/mail/bench.test/user$i" 2>/dev/null && rm -rf -- seg big box search); done; $0 start >/dev/null; $0 mark
   $ML smtp -h 127.0.0.1:$((${PORTS:-31000} + 25)) -s 1 -n $2 -f "$(corpus 4096)" -u $2 -r user%d@bench.test -k 0 -T 60 >/dev/null; $0 wait $2 ;;
 queue) ctl status --json | grep -o '"queue": *[0-9-]*' | grep -o '[0-9-]*$' ;;
 mark) delivered > $R/mark ;;
 wait) delivered $(($(cat $R/mark) + $2)) 180 >/dev/null ;;
esac
