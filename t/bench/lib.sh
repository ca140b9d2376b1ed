# SPDX-License-Identifier: MIT
# common helpers; source me.  Everything can be overridden from the environment.
BENCH=${BENCH:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}
export BENCH_ROOT=${BENCH_ROOT:-${TMPDIR:-/tmp}/bench}; BIN=${BENCH_BIN:-$BENCH_ROOT/bin}     # spool, mail stores, corpora: outside the repository
mkdir -p "$BENCH_ROOT"
BENCH_NICE=${BENCH_NICE:--15}   # server and load generator run at this nice value, because other work shares the machine
ML="nice -n $BENCH_NICE $BIN/mailload"; MW=$BIN/maildirwait
build() { mkdir -p "$BIN"; local f; for f in mailload maildirwait jdwait hold; do [ "$BIN/$f" -nt "$BENCH/load/$f.cc" ] || g++ -O2 -std=c++20 -pthread -o "$BIN/$f" "$BENCH/load/$f.cc" -Wl,--as-needed -lssl -lcrypto || return 1; done; }
corpus() { # corpus SIZE [COUNT] -> prints dir (500 distinct messages by default)
  local d=$BENCH_ROOT/corpus-$1-${2:-500}; [ -e "$d/.done" ] || { python3 "$BENCH/corpus/gen_corpus.py" --out "$d" --size "$1" --count "${2:-500}" --seed 1 && touch "$d/.done"; }; echo "$d"; }
# --- CPU accounting: the server under test runs in cgroup bench_$NAME (see incg)
if [ -e /sys/fs/cgroup/cpuacct/cpuacct.usage ]; then CGV=1; CGBASE=/sys/fs/cgroup/cpuacct; else CGV=2; CGBASE=/sys/fs/cgroup; fi
incg() { local n=$1; shift; mkdir -p "$CGBASE/bench_$n"; ( echo "$BASHPID" > "$CGBASE/bench_$n/cgroup.procs"; exec nice -n $BENCH_NICE "$@" ); }
cg_cpu() { if [ $CGV = 1 ]; then awk '{printf "%.3f", $1/1e9}' "$CGBASE/bench_$1/cpuacct.usage"; else awk '/^usage_usec/{printf "%.3f",$2/1e6}' "$CGBASE/bench_$1/cpu.stat"; fi; }
cg_sys() { if [ $CGV = 1 ]; then awk '{printf "%.3f", $1/1e9}' "$CGBASE/bench_$1/cpuacct.usage_sys"; else awk '/^system_usec/{printf "%.3f",$2/1e6}' "$CGBASE/bench_$1/cpu.stat"; fi; }
cg_pids() { cat "$CGBASE/bench_$1/cgroup.procs"; }
cg_pss() { # total PSS in KiB, process count
  cat $(cg_pids "$1" | sed 's|.*|/proc/&/smaps_rollup|') /dev/null 2>/dev/null | awk '/^Pss:/{t += $2; n++} END{print t + 0, n + 0}'; }
cg_forks() { awk '/^processes/{print $2}' /proc/stat; }
busy() { awk '/^cpu /{printf "%.2f",($2+$3+$4+$7+$8)/100}' /proc/stat; }   # CPU seconds used by everybody on the machine
calc() { awk "BEGIN{printf \"%.${2:-3}f\", $1}"; }
med() { sort -g | awk '{a[NR]=$1} END{m=(NR%2)?a[(NR+1)/2]:(a[NR/2]+a[NR/2+1])/2; printf "%.4g [%.4g..%.4g] n=%d", m,a[1],a[NR],NR}'; }
