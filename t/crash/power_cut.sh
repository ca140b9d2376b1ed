#!/bin/sh
# SPDX-License-Identifier: MIT
# The power fails under a whole instance, ROUNDS times: its file system (ext4 on a loop device, FS=xfs
# for the other) is shut down in the middle of the load without writing anything more, every process
# is killed, the device is mounted again, the instance starts as after a boot.  All that was
# acknowledged must be there: mail by SMTP, APPENDs with their UIDs, flags, expunges, new accounts.
. "$(dirname "$0")/../system/lib.sh"
fs=${FS:-ext4}
lay_disk 600M || { echo "left out: power cut of a whole instance (needs root and a loop device)"; exit 0; }
JDMAIL_BOOT_ID=boot-0; export JDMAIL_BOOT_ID
instance
for round in $(seq "${ROUNDS:-3}"); do
  python3 t/crash/power_cut.py load "$dir" "$(port 25)" "$(port 143)" "$round"
  umount_disk
  mount_disk
  JDMAIL_BOOT_ID=boot-$round
  ctl start
  python3 t/crash/power_cut.py check "$dir" "$(port 25)" "$(port 143)" "$round"
  ctl mailbox check ann@example.test || fail "mailbox check finds faults"
done
