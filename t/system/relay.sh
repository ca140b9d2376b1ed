#!/bin/sh
# SPDX-License-Identifier: MIT
# From one instance to another: through a smarthost, over STARTTLS; a refused recipient comes back.
. "$(dirname "$0")/lib.sh"
instance
other=$dir/other
b() { "$B/jdctl" --prefix "$other" "$@" 9>&-; }
at_end() { b stop >/dev/null 2>&1; }
b init --domain other.test --port-base $((base + 1000)) --yes
echo pw | b user add cat@other.test --password-stdin
b start
sed -i "s/^smarthost = .*/smarthost = \"127.0.0.1:$((base + 1025))\"/" "$dir/etc/jdmail.toml"
ctl restart
to() { swaks --silent 3 --server "127.0.0.1:$(port 587)" --tls -au ann@example.test -ap pw --from ann@example.test --to "$1" --header "Subject: $2" --body "body of $2"; }
to cat@other.test hello
wait_for 150 sh -c "'$B/jdctl' --prefix '$other' mailbox list cat@other.test | grep -q '^INBOX *1 '"
b mailbox cat cat@other.test INBOX 1 | grep -q 'using TLSv1.3' || fail "it did not go over TLS"
to nobody@other.test lost
wait_for 150 sh -c "'$B/jdctl' --prefix '$dir' mailbox list ann@example.test | grep -q '^INBOX *1 '"
ctl mailbox cat ann@example.test INBOX 1 >"$dir/bounce"
grep -q 'multipart/report' "$dir/bounce" || fail "no multipart/report"
grep -q 'nobody@other.test' "$dir/bounce" || fail "the bounce does not name the recipient"
grep -q '^Status: 5.1.1' "$dir/bounce" || fail "the bounce has no status 5.1.1"
wait_for 50 sh -c "'$B/jdctl' --prefix '$dir' queue list | grep -q 'the queue is empty'"
