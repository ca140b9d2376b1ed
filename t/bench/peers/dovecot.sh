#!/bin/bash
# SPDX-License-Identifier: MIT
# dovecot.sh start|stop    private Dovecot 2.3: IMAP 127.0.0.1:10143, POP3 :10110, LMTP :10024; users user0..userN password pw
#  HIBERNATE=5s (IDLE sessions handed to one imap-hibernate process)
#  DOVECOT_MAIL=maildir|sdbox|mdbox (default maildir)   DOVECOT_FTS=1  FSYNC=optimized|always|never   SCHEME=PLAIN   SERVICE_COUNT=0|1
. "$(dirname "$0")/../lib.sh"; R=$BENCH_ROOT/dovecot; C=$R/dovecot.conf; NU=${NUSERS:-2100}
DOVECOT_MAIL=${DOVECOT_MAIL:-maildir}; MB=${DC_MAIL_BASE:-$BENCH_ROOT/mail}
case $DOVECOT_MAIL in maildir) L="maildir:$MB/%n/Maildir";; sdbox) L="sdbox:$MB/%n/sdbox";; mdbox) L="mdbox:$MB/%n/mdbox";; esac
# a private copy of the programs, because another package (cyrus-imapd) may push dovecot-imapd out
LX=${PEERS:-/tmp/peers}/dovecot-libexec; [ -x $LX/imap ] || { mkdir -p $LX; cp -a /usr/lib/dovecot/. $LX/; }
HIB=""; [ -n "$HIBERNATE" ] && HIB="imap_hibernate_timeout = $HIBERNATE
service imap {
  unix_listener imap-master {
    user = dovecot
    mode = 0666
  }
}
service imap-hibernate {
  client_limit = 10000
  unix_listener imap-hibernate {
    mode = 0666
  }
}"
PL=""; [ "$DOVECOT_FTS" = 1 ] && PL="fts fts_xapian"
setup() { mkdir -p $R $MB; chmod 755 $R $BENCH_ROOT
 getent group benchvmail >/dev/null || groupadd -g 5000 benchvmail; getent passwd benchvmail >/dev/null || useradd -u 5000 -g 5000 -M -s /usr/sbin/nologin benchvmail
 for i in $(seq 0 $((NU-1))); do echo "user$i:{${SCHEME:-PLAIN}}pw::::::"; done > $R/users
 chown -R root $R/users; chmod 644 $R/users
 cat > $C <<M
base_dir = $R/run
state_dir = $R/state
libexec_dir = $LX
log_path = $R/log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Ln
mail_location = $L
mail_uid = 5000
mail_gid = 5000
first_valid_uid = 100
mail_fsync = ${FSYNC:-optimized}
mail_plugins = $PL
default_process_limit = 3000
default_client_limit = 6000
mail_max_userip_connections = 3000
auth_cache_size = ${AUTH_CACHE:-0}
passdb {
  driver = passwd-file
  args = $R/users
}
userdb {
  driver = static
  args = uid=5000 gid=5000 home=$MB/%n
}
namespace inbox {
  inbox = yes
}
service imap-login {
  inet_listener imap {
    port = 10143
  }
  inet_listener imaps {
    port = 0
  }
  service_count = ${LOGIN_SERVICE_COUNT:-1}
  process_min_avail = ${LOGIN_MIN:-0}
  client_limit = ${LOGIN_CLIENT_LIMIT:-0}
}
service pop3-login {
  inet_listener pop3 {
    port = 10110
  }
  inet_listener pop3s {
    port = 0
  }
  service_count = ${LOGIN_SERVICE_COUNT:-1}
  process_min_avail = ${LOGIN_MIN:-0}
  client_limit = ${LOGIN_CLIENT_LIMIT:-0}
}
service imap {
  process_limit = 3000
  service_count = ${SERVICE_COUNT:-1}
}
$HIB
service pop3 {
  process_limit = 3000
  service_count = ${SERVICE_COUNT:-1}
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = 10024
  }
}
service indexer-worker {
  vsz_limit = 2G
}
service stats {
  client_limit = 10000
}
service anvil {
  client_limit = 10000
}
service auth {
  client_limit = 10000
}
protocol imap {
  mail_max_userip_connections = 3000
}
protocol pop3 {
  mail_max_userip_connections = 3000
}
plugin {
  fts = xapian
  fts_xapian = partial=3 full=20
  fts_autoindex = no
  fts_enforced = yes
}
M
}
case $1 in
 start) setup; ulimit -n 60000 2>/dev/null || ulimit -n 20000; incg dovecot /usr/sbin/dovecot -c $C; for i in $(seq 50); do (exec 3<>/dev/tcp/127.0.0.1/10143) 2>/dev/null && break; sleep .1; done ;;
 stop) p=$(cat $R/run/master.pid 2>/dev/null); /usr/sbin/dovecot -c $C stop; for i in $(seq 150); do kill -0 $p 2>/dev/null || break; sleep .1; done ;;
 conf) setup; doveconf -n -c $C ;;
esac
