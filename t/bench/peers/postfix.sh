#!/bin/bash
# SPDX-License-Identifier: MIT
# postfix.sh start|stop|flush|status    private Postfix on 127.0.0.1:${PF_PORT:-10025}, nothing in /etc or /var/spool is used.
#  POSTFIX_EXTRA="key=value;key=value"  extra main.cf settings (e.g. in_flow_delay=0)
. "$(dirname "$0")/../lib.sh"; R=$BENCH_ROOT/postfix; C=$R/etc; PF_PORT=${PF_PORT:-10025}; SINK_PORT=${SINK_PORT:-10026}; NU=${NUSERS:-100}
setup() {
  mkdir -p $C $R/queue $R/data $BENCH_ROOT/mail; chown postfix $R/data; chmod 755 $R $C $BENCH_ROOT
  cat > $C/main.cf <<M
compatibility_level = 3.6
queue_directory = $R/queue
data_directory = $R/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = $C
mail_owner = postfix
setgid_group = postdrop
sendmail_path = /usr/sbin/sendmail
newaliases_path = /usr/bin/newaliases
mailq_path = /usr/bin/mailq
manpage_directory = /usr/share/man
html_directory = no
readme_directory = no
sample_directory = /etc/postfix
maillog_file = $R/maillog
maillog_file_prefixes = /tmp, /var, $BENCH_ROOT
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.bench.test
mydomain = bench.test
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtp_host_lookup = native
notify_classes =
virtual_mailbox_domains = bench.test
virtual_mailbox_base = $BENCH_ROOT/mail
virtual_mailbox_maps = hash:$C/vmaps
virtual_minimum_uid = 100
virtual_uid_maps = static:5000
virtual_gid_maps = static:5000
virtual_mailbox_limit = 0
alias_maps =
alias_database =
transport_maps = hash:$C/transport
M
  IFS=';'; for kv in $POSTFIX_EXTRA; do echo "$kv" >> $C/main.cf; done; unset IFS
  for i in $(seq 0 $((NU-1))); do echo "user$i@bench.test user$i/Maildir/"; done > $C/vmaps; postmap -c $C hash:$C/vmaps
  { for i in $(seq 0 99); do echo "d$i.test smtp:[127.0.1.$i]:$SINK_PORT"; done; echo "one.test smtp:[127.0.0.1]:$SINK_PORT"; echo "sender.test discard:"; } > $C/transport; postmap -c $C hash:$C/transport
  sed -E "s/^smtp([[:space:]]+)inet/127.0.0.1:$PF_PORT\1inet/; s/^([^#[:space:]]+[[:space:]]+(inet|unix|unix-dgram)[[:space:]]+[-yn]+[[:space:]]+[-yn]+[[:space:]]+)y/\1n/" /etc/postfix/master.cf.proto > $C/master.cf
  cp -f /etc/postfix/postfix-files /etc/postfix/dynamicmaps.cf /etc/postfix/post-install /etc/postfix/postfix-script $C/ 2>/dev/null
  ln -sfn /etc/postfix/postfix-files.d $C/postfix-files.d; ln -sfn /etc/postfix/dynamicmaps.cf.d $C/dynamicmaps.cf.d
  mkmail
}
mkmail() { local i; for i in $(seq 0 $((NU-1))); do mkdir -p $BENCH_ROOT/mail/user$i/Maildir/{cur,new,tmp}; done; chown -R 5000:5000 $BENCH_ROOT/mail; chmod 755 $BENCH_ROOT/mail; }
case $1 in
 start) setup; incg postfix /usr/sbin/postfix -c $C start 2>&1 | grep -v '^postfix/postlog: starting'; for i in $(seq 50); do (exec 3<>/dev/tcp/127.0.0.1/$PF_PORT) 2>/dev/null && break; sleep .1; done ;;
 stop) /usr/sbin/postfix -c $C stop >/dev/null 2>&1 ;;
 flush) /usr/sbin/postsuper -c $C -d ALL 2>&1 | tail -1 ;;
 wipe) find $BENCH_ROOT/mail -type f -delete ;;
 mkmail) mkmail ;;
 status) /usr/sbin/postfix -c $C status ;;
 queue) find $R/queue/{incoming,active,deferred} -type f 2>/dev/null | wc -l ;;
esac
