#!/bin/sh
# SPDX-License-Identifier: MIT
# make install DESTDIR=: programs, man pages; without DESTDIR also the system users and directories.
set -e
out=$1 dest=$2
install -d "$dest/usr/libexec/jdmail" "$dest/usr/bin" "$dest/usr/sbin" "$dest/usr/lib" "$dest/usr/share/man/man5" "$dest/usr/share/man/man7" "$dest/usr/share/man/man8"
for p in "$out"/bin/*; do
  case ${p##*/} in
    jdctl) install -m 755 "$p" "$dest/usr/bin/" ;;
    *) install -m 755 "$p" "$dest/usr/libexec/jdmail/" ;;
  esac
done
# The names under which programs look for sendmail; another mail system's are left alone.
for n in sbin/sendmail lib/sendmail bin/mailq bin/newaliases; do
  if [ -e "$dest/usr/$n" ] && [ "$(readlink -f "$dest/usr/$n")" != "$dest/usr/libexec/jdmail/sendmail" ]; then
    echo "$dest/usr/$n is another mail system's and stays; to have ours: ln -sf /usr/libexec/jdmail/sendmail /usr/$n" >&2
  else
    ln -sf ../libexec/jdmail/sendmail "$dest/usr/$n"
  fi
done
for n in 5 7 8; do
  for m in man/*."$n"; do [ ! -e "$m" ] || install -m 644 "$m" "$dest/usr/share/man/man$n/"; done
done
[ -z "$dest" ] || exit 0
for u in jdnet jdqueue jdmail jddir jdacme jddoc; do
  id "$u" >/dev/null 2>&1 || useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$u"
done
install -d -m 755 /etc/jdmail /var/lib/jdmail /var/log/jdmail /run/jdmail
install -d -m 750 -o jdqueue -g jdqueue /var/lib/jdmail/queue
# Any local program may send mail, also while every daemon is down.
chgrp jdqueue /usr/libexec/jdmail/queue-inject
chmod 2755 /usr/libexec/jdmail/queue-inject
install -d -m 700 -o jdmail -g jdmail /var/lib/jdmail/mail
install -d -m 700 -o jddir -g jddir /var/lib/jdmail/directory
echo "installed; next: jdctl init --domain example.org && jdctl start"
