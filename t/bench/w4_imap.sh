#!/bin/bash
# SPDX-License-Identifier: MIT
# Workload 4: IMAP single-session commands on boxes of 10,000 and 100,000 messages (4 KB), APPEND rates, COPY/MOVE/EXPUNGE.
#  NAME=dovecot IMAP=127.0.0.1:10143 UPAT=user%d PW=pw MAILDIRS=.../user%d/Maildir  COUNTS="10000 100000" RUNS=3
#  FILL=maildir (write the store directly as Maildir) | append (use IMAP APPEND: for servers with another store) | none (already there)
#  WIPE_INDEX='cmd' removes every server-side index of user $U (default: dovecot's);  RESTART='cmd' optional, run before each cold test
#  PARTS="read write append"
. "$(dirname "$0")/lib.sh"; build || exit 1
NAME=${NAME:-dovecot} IMAP=${IMAP:-127.0.0.1:10143} UPAT=${UPAT:-user%d} PW=${PW:-pw} MAILDIRS=${MAILDIRS:-$BENCH_ROOT/mail/user%d/Maildir} RUNS=${RUNS:-3} OWNER=${OWNER:-5000:5000} FILL=${FILL:-maildir} SZ=${SZ:-4096}
WIPE_INDEX=${WIPE_INDEX:-'find $(printf "$MAILDIRS" $U) -name "dovecot*" -delete'}
if [ $CGV = 1 ]; then export CPUFILE=$CGBASE/bench_$NAME/cpuacct.usage; else export CPUFILE=$CGBASE/bench_$NAME/cpu.stat; fi
RAW=$BENCH_ROOT/w4.raw; : > $RAW
drop() { sync; echo 3 > /proc/sys/vm/drop_caches; [ -n "$RESTART" ] && eval "$RESTART"; sleep .5; }
rec() { sed "s/^/$1|/" >> $RAW; tail -1 $RAW >/dev/null; }
im() { $ML imap -h $IMAP -U "$(printf "$UPAT" $U)" -P $PW "$@"; }
fill() { local n=$1 d; d=$(printf "$MAILDIRS" $U); case $FILL in
  maildir) [ "$(ls "$d/cur" 2>/dev/null | wc -l)" = $n ] || { rm -rf "$d"; if [ $n -gt 20000 ]; then h=$((n/2)); python3 $BENCH/corpus/gen_corpus.py --out "$d" --format maildir --count $h --size $SZ --seed 7 & python3 $BENCH/corpus/gen_corpus.py --out "$d" --format maildir --start $h --count $((n-h)) --size $SZ --seed 7; wait $!; else python3 $BENCH/corpus/gen_corpus.py --out "$d" --format maildir --count $n --size $SZ --seed 7; fi; chown -R $OWNER "$(dirname "$d")"; } ;;
  append) $ML append -h $IMAP -U "$(printf "$UPAT" $U)" -P $PW -s 1 -n $n -f $(corpus $SZ 10000) -T 900 ;; esac; }
U=10
for n in ${COUNTS:-10000 100000}; do U=$((${UBASE:-300}+${#n})); case " ${PARTS:-read write append} " in *" read "*|*" write "*) [ "$FILL" = none ] || fill $n; esac
 case " ${PARTS:-read write append} " in *" read "*)
 for r in $(seq $RUNS); do
  eval "$WIPE_INDEX"; drop; im "SELECT INBOX" | rec "$n first-open(no index, cold cache)"
  eval "$WIPE_INDEX"; sleep .2; im "SELECT INBOX" | rec "$n first-open(no index, warm cache)"
  im "SELECT INBOX" "FETCH 1:* (ENVELOPE)" | grep -v SELECT | rec "$n envelope-1st(no server cache, message files not in page cache)"
  im "SELECT INBOX" "UID SEARCH SUBJECT quokka" | grep -v SELECT | rec "$n first search(after the first ENVELOPE)"
  drop; im "SELECT INBOX" "UID FETCH 1:* (FLAGS)" "FETCH 1:* (ENVELOPE)" | rec "$n cold(index present)"
  im "SELECT INBOX" "UID FETCH 1:* (FLAGS)" "FETCH 1:* (ENVELOPE)" "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)" "UID SEARCH ALL" "UID SEARCH SUBJECT quokka" "UID SEARCH UNSEEN" | rec "$n warm"
  if [ $r -le ${SLOWRUNS:-$RUNS} ]; then im "SELECT INBOX" "UID FETCH 1:* (BODY.PEEK[])" "UID SEARCH BODY unmeasured" "UID SEARCH BODY zyzzyva" "UID SEARCH TEXT nosuchwordhere" | grep -v -e SELECT -e unmeasured | rec "$n warm"; fi
 done;; esac
 case " ${PARTS:-read write append} " in *" write "*)
 for r in $(seq $RUNS); do
  im "SELECT INBOX" "STORE 1:* +FLAGS (\\Flagged)" "STORE 1:* -FLAGS (\\Flagged)" "STORE 1:* +FLAGS.SILENT (\$Label1)" "STORE 1:* -FLAGS.SILENT (\$Label1)" | grep -v SELECT | rec "$n warm"
  [ $n -le ${BULK:-10000} ] && im "CREATE cpA" "CREATE cpB" "SELECT INBOX" "COPY 1:* cpA" "SELECT cpA" "MOVE 1:* cpB" "SELECT cpB" "STORE 1:* +FLAGS.SILENT (\\Deleted)" "EXPUNGE" "SELECT INBOX" "DELETE cpA" "DELETE cpB" | grep -E "COPY|MOVE|EXPUNGE|Deleted" | rec "$n warm"
 done;; esac
done
case " ${PARTS:-read write append} " in *" append "*)
 # Everybody logs in once before: it is APPEND that is measured, not how much work a password is.
 $ML append -h $IMAP -U user2%d -P $PW -u 10 -s 20 -n 20 -f $(corpus 4096) -m INBOX > /dev/null
 for sz in ${ASIZES:-4096 20480}; do for s in 1 20; do v=(); u=(); for r in $(seq $RUNS); do for i in $(seq 20 39); do U=$i; d=$(printf "$MAILDIRS" $i); [ "$FILL" = maildir ] && { rm -rf "$d"; mkdir -p "$d"/{cur,new,tmp}; chown -R $OWNER "$(dirname $d)"; }; done
  N=${NA:-2000}; c0=$(cg_cpu $NAME); out=$($ML append -h $IMAP -U user2%d -P $PW -u 10 -s $s -n $N -f $(corpus $sz) -m INBOX); c1=$(cg_cpu $NAME); echo "#raw append size=$sz sess=$s cpu_s/1000=$(calc "($c1-$c0)*1000/$N") $out"; v+=($(sed 's/.*rate=\([0-9.]*\).*/\1/' <<<"$out")); u+=($(calc "($c1-$c0)*1000/$N")); done
  echo "w4 $NAME APPEND size=$sz sess=$s msgs/s $(printf '%s\n' ${v[@]}|med) cpu_s_per_1000 $(printf '%s\n' ${u[@]}|med)"; done; done;; esac
python3 - $RAW $NAME <<'PY'
import re,sys,statistics as st
d={}
for l in open(sys.argv[1]):
    m=re.match(r'([^|]*)\|\s*([\d.]+) ms\s+([\d.-]+) cpu_s\s+(\d+) bytes\s+(\d+) lines\s+([\d.]+) MB/s  (.*) => (.*)',l)
    if m: d.setdefault((m[1],m[7]),[]).append((float(m[2]),float(m[3]),int(m[4]),int(m[5]),float(m[6]),m[8]))
for (a,c),v in d.items():
    t=[x[0] for x in v]; u=[x[1] for x in v]
    print("w4 %s %-48s %-75s ms %.1f [%.1f..%.1f] n=%d cpu_s %.3f bytes %d lines %d MB/s %.1f %s"%(sys.argv[2],a,c,st.median(t),min(t),max(t),len(v),st.median(u),v[0][2],v[0][3],st.median([x[4] for x in v]),v[-1][5][:40].strip()))
PY
