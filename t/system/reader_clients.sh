#!/bin/sh
# SPDX-License-Identifier: MIT
# What people read mail with: a reader built on libetpan; alpine, at a terminal and in Chinese; a program with imapflow (where NODE_PATH
# has it).  What each believes afterwards is what the server has.
. "$(dirname "$0")/lib.sh"
instance

etpan=$(pkg-config --cflags --libs libetpan 2>/dev/null || echo -letpan)
if g++ -std=c++20 -o "$dir/etpan" t/system/etpan_client.cc $etpan 2>"$dir/out"; then
  e() { python3 t/system/etpan.py "$1" "$(port 143)" $2; }
  echo pw | ctl user add dan@example.test --password-stdin
  e fill
  "$dir/etpan" "$(port 993)" "python3 t/system/etpan.py others $(port 143)" >"$dir/believed" 2>"$dir/out" || { cat "$dir/out"; fail "libetpan"; }
  e compare "$dir/believed" || fail "libetpan believes what is not so"
elif [ -e /usr/include/libetpan/libetpan.h ]; then
  cat "$dir/out"; fail "etpan_client.cc does not compile"
else
  echo "left out: libetpan (not installed)"
fi

if node -e 'require("imapflow")' 2>/dev/null; then
  echo pw | ctl user add cai@example.test --password-stdin
  python3 t/system/imapflow.py fill "$(port 143)"
  node t/system/imapflow.js "$(port 993)" "printf 'From: x@y.test\n\nnews\n' | JDMAIL_PREFIX='$dir' '$B/sendmail' -f x@y.test cai@example.test" \
    >"$dir/believed" 2>"$dir/out" || { cat "$dir/out"; fail "imapflow"; }
  python3 t/system/imapflow.py compare "$(port 143)" "$dir/believed" || fail "imapflow believes what is not so"
else
  echo "left out: imapflow (node, or NODE_PATH without it)"
fi

if command -v alpine >/dev/null; then
  python3 t/system/alpine.py "$(port 143)" "$(port 993)" "$(port 587)" "$dir" || fail "alpine"
else
  echo "left out: alpine (not installed)"
fi
