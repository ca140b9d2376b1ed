# SPDX-License-Identifier: MIT
# What the system tests share; source me.  Each gets an instance of its own in a scratch directory,
# on its own range of ports, and stops it at the end whatever happens.
set -e
cd "$(dirname "$0")/../.."
O=${O:-out/release}
B=$O/bin
export O B
dir=$(mktemp -d /tmp/jdmail-system-XXXXXX)
# A range of 3000 ports that nobody else has: the lock lives as long as this shell.
for base in 20000 24000 28000 32000 36000 40000 44000 48000; do
  exec 9>"/tmp/jdmail-ports-$base.lock"
  flock -n 9 && ! grep -q ":$(printf %04X $((base + 25))) [0:]* 0A" /proc/net/tcp && break  # nor a stray one of before
done
ctl() { "$B/jdctl" --prefix "$dir" "$@" 9>&-; }
at_end() { :; }  # what else a test has to stop; it may say so by a function of its own
finish() {
  status=$?
  at_end || true
  ctl stop >/dev/null 2>&1 || true
  if [ $status != 0 ]; then
    for f in "$dir"/log/*/current; do echo "--- $f"; tail -n 15 "$f"; done
    [ -z "$KEEP" ] || cp -a "$dir" "$KEEP"  # to be looked at
  fi
  [ -z "$image" ] || umount_disk
  rm -rf "$dir" $image
  exit $status
}
# A file system of our own for the instance, on a loop device or (fs=tmpfs) in memory: lay_disk SIZE.
# False where this machine or this user cannot.
lay_disk() {
  image=$dir.image
  [ "$fs" = tmpfs ] && mount -t tmpfs -o "size=$1" tmpfs "$dir" 2>/dev/null && return 0
  truncate -s "$1" "$image" && "mkfs.${fs:-ext4}" -q "$image" 2>/dev/null && mount_disk && return 0
  rm -f "$image"; image=
  return 1
}
mount_disk() { mount -o loop "$image" "$dir" 2>/dev/null; }
umount_disk() {  # ends every process that works below it, as the end of the power would
  grep -q " $dir " /proc/mounts || return 0  # its root may not answer any more
  for n in $(seq 50); do
    pids=$(find /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/fd -lname "$dir*" 2>/dev/null | cut -d/ -f3 | sort -u)
    [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
    umount "$dir" 2>/dev/null && return 0
    sleep 0.1
  done
  umount -l "$dir"
}
trap finish EXIT
port() { echo $((base + $1)); }
fail() { echo "FAIL: $*"; exit 1; }
instance() {  # instance [settings...]: made, with ann and bob (password pw), started
  ctl init --domain example.test --port-base "$base" --yes
  for a in ann bob; do echo pw | ctl user add "$a@example.test" --password-stdin; done
  ctl start
}
wait_for() {  # wait_for N command...: up to N tenths of a second
  n=$1; shift
  while [ "$n" -gt 0 ]; do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; n=$((n - 1)); done
  fail "did not come true: $*"
}
