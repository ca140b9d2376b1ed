#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table of ratios from the lines of one run: jdmail beside the other server, medians over the rounds."""
import collections, re, statistics, sys

rate, cpu, memory, wait = (collections.defaultdict(lambda: collections.defaultdict(list)) for _ in range(4))
for line in open(sys.argv[1]):
    name = line.split()[1]
    if m := re.match(r"w1 \S+ size=(\d+) sess=(\d+) .* delivered/s ([\d.]+) .*cpu_s_per_1000 ([\d.e-]+)", line):
        key = "SMTP to mailbox, %d KB, %s session%s" % (int(m[1]) // 1024, m[2], "" if m[2] == "1" else "s")
        if w := re.search(r" ms_p50 ([\d.]+) .* ms_p99 ([\d.]+) ", line):
            wait[key.replace("SMTP to mailbox", "SMTP, until 250")][name].append(float(w[2] if name == "jdmail" else w[1]))
    elif m := re.match(r"w2 \S+ size=(\d+) sess=(\d+) dest=(\S+) .* relayed/s ([\d.]+) .*cpu_s_per_1000 ([\d.e-]+)", line):
        key = "SMTP to SMTP, %d KB, %s destination%s" % (int(m[1]) // 1024, *(("1", "") if m[3] == "one" else ("50", "s")))
        m = [None, None, None, m[4], m[5]]
    elif m := re.match(r"w3 \S+ (.*?) ([\d.e+]+) \[.*cpu_s_per_1000 ([\d.e-]+)", line):
        key, m = "POP3 " + re.sub(r" (MB|logins)/s", "", m[1]), [None, None, None, m[2], m[3]]
    elif m := re.match(r"w4 \S+ APPEND size=(\d+) sess=(\d+) msgs/s ([\d.]+) .*cpu_s_per_1000 ([\d.e-]+)", line):
        key = "IMAP APPEND, %d KB, %s session%s" % (int(m[1]) // 1024, m[2], "" if m[2] == "1" else "s")
    elif m := re.match(r"w4 \S+ (\d+) (.*?)(?: {2,}|(?<=\)) )(.*?) +ms ([\d.]+) \[.*cpu_s ([\d.]+)", line):
        what = re.sub(r" 1:\*|UID (?=SEARCH)| (quokka|zyzzyva|nosuchwordhere)| cp[AB]| INBOX", "", m[3]).replace("UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE", "all a client asks first")
        key = "IMAP %s, %s messages, %s" % (what, m[1], re.sub(r"\(.*\)", "", m[2]))
        m = [None, None, None, 1000 / max(float(m[4]), 0.01), m[5]]
    elif m := re.match(r"w4b \S+ index n=(\d+) .*?msgs/s=([\d.]+) cpu_s=([\d.e-]+)", line):
        key, m = "search index of %s messages, made" % m[1], [None, None, None, m[2], m[3]]
    elif m := re.match(r"w4b \S+ n=(\d+) run=\d+ ([\d.]+) ms +([\d.-]+) cpu_s .*UID (SEARCH \S+ \S+) =>", line):
        key, m = "IMAP %s, %s messages, indexed" % (m[4], m[1]), [None, None, None, 1000 / max(float(m[2]), 0.01), m[3]]
    elif m := re.match(r"w7 \S+ (.*) /s ([\d.]+) \[.*cpu_s_per_1000 ([\d.e-]+)", line):
        key, m = m[1], [None, None, None, m[2], m[3]]
    elif m := re.match(r"w5 \S+ (\S+) .*pss_KiB_per_session=([\d.-]+)", line):
        if "sessions=1 " in line:  # they were not let in
            continue
        memory["idle %s session" % m[1]][name].append(float(m[2]))
        continue
    else:
        continue
    if not re.fullmatch(r"[\d.e+]+", str(m[3])) or not re.fullmatch(r"[\d.e+-]*\d[\d.e+-]*", m[4]):
        continue  # it did not run
    for a, b in (("RETR-all sessions=", "RETR all, sessions: "), ("login+STAT+QUIT sessions=", "login, STAT, QUIT, sessions: "), (" (1000-msg box)", ""),
                 ("first-open", "first opening"), ("envelope-1st", "first time")):
        key = key.replace(a, b)
    rate[key][name].append(float(m[3]))
    cpu[key][name].append(float(m[4]))


def ratio(of, key, upside_down=False):
    peer = next((n for n in of[key] if n != "jdmail"), None)
    if not peer or "jdmail" not in of[key]:
        return None
    a, b = statistics.median(of[key]["jdmail"]), statistics.median(of[key][peer])
    if upside_down:
        a, b = b, a
    if not a or not b:
        return "-"
    return "%.0f" % (a / b) if a / b >= 10 else "%.2g" % (a / b)


rows = {}  # by what was done and beside whom
for key in rate:
    if r := ratio(rate, key):
        rows["| %s | %s |" % (key, next(n for n in rate[key] if n != "jdmail"))] = " %s x | %s x |" % (r, ratio(cpu, key, True))
for key in wait:
    if r := ratio(wait, key, True):
        rows["| %s: their median by our p99 | %s |" % (key, next(n for n in wait[key] if n != "jdmail"))] = " %s x | |" % r
for key in memory:
    if r := ratio(memory, key, True):
        rows["| memory of an %s | %s |" % (key, next(n for n in memory[key] if n != "jdmail"))] = " | %s x |" % r
print("| work | beside | rate | CPU |\n| --- | --- | ---: | ---: |")
for what, figures in rows.items():
    print(what + figures)
print("\nrate: jdmail's divided by the other's; CPU (memory): the other's divided by jdmail's. More is better for jdmail.")

if len(sys.argv) > 2:  # README.md: the rows that were measured take the place of those that are there
    lines = open(sys.argv[2]).read().split("\n")
    table = next(i for i, line in enumerate(lines) if line.startswith("| work | beside |")) + 2
    end = next(i for i in range(table, len(lines)) if not lines[i].startswith("|"))
    found = {"|".join(line.split("|")[:3]) + "|": line for line in lines[table:end]}
    new = {what.replace(" postfix |", " Postfix |").replace(" dovecot |", " Dovecot |"): figures for what, figures in rows.items()}
    for what, figures in new.items():
        found[what] = what + figures
    lines[table:end] = found.values()
    open(sys.argv[2], "w").write("\n".join(lines))
