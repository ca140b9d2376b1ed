#!/bin/sh
# SPDX-License-Identifier: MIT
# The disk fills while mail comes in: what cannot be kept is refused with 4xx (NO in IMAP), every
# program stays up, and when there is space again everything goes on by itself.  Nothing that was
# acknowledged is missing, nothing comes twice, nothing that was refused is there.
. "$(dirname "$0")/lib.sh"
lay_disk 300M || { fs=tmpfs; lay_disk 300M; } || { echo "left out: full disk (needs root, to mount a small file system)"; exit 0; }
instance
full() { python3 t/system/disk_full.py "$1" "$dir" "$(port 25)" "$(port 143)"; }
full before
free=$(($(df -P -k "$dir" | tail -1 | tr -s ' ' | cut -d' ' -f4) - ${LEAVE:-20000}))
fallocate -l "${free}k" "$dir/ballast"
full fill
echo pw | ctl user add late@example.test --password-stdin 2>&1 | tee "$dir.said" || true
rm "$dir/ballast"
full after
ctl status
[ "$(ctl status --json | grep -c '"restarts": 0')" -gt 0 ] || fail "no program without restarts"
! ctl status --json | grep '"restarts": [1-9]' || fail "a program died of the full disk"
ctl mailbox check ann@example.test || fail "mailbox check finds faults"
rm -f "$dir.said"
