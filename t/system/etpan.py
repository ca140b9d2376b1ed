# SPDX-License-Identifier: MIT
# etpan.py fill|others|compare IMAP [FILE]: the mail that etpan_client.cc works with; what others do meanwhile; what
# it believes is so.
import sys

from boxes import Server, from_utf7, mail, quoted

server = Server(int(sys.argv[2]), "dan")
if sys.argv[1] == "fill":
    server.do("CREATE " + quoted("客户/北京"))
    server.put("客户/北京", mail(90, attached=300))
    for n in range(1, 7):
        server.put("INBOX", mail(n, attached=60000 if n == 4 else 0))
elif sys.argv[1] == "others":
    server.change("INBOX", 5, ["UID STORE {} +FLAGS (\\Deleted)", "UID EXPUNGE {}"])
    server.change("INBOX", 6, ["UID STORE {} +FLAGS (\\Answered $Forwarded)"])
    server.put("INBOX", mail(7), "\\Seen")
else:
    here = {}
    with open(sys.argv[3], encoding="ascii") as f:
        for line in f:
            if line.startswith("folder "):
                box = here.setdefault(from_utf7(line[7:-1]), {})
            else:
                uid, flags, text = line.rsplit(" ", 3)[1:]
                box[int(uid)] = (frozenset(flags.split(",")) - {"-"}, bytes.fromhex(text))
    there = server.all()
    assert here == there, ({n: {u: b[0] for u, b in x.items()} for n, x in here.items()}, {n: {u: b[0] for u, b in x.items()} for n, x in there.items()})
    assert sorted(there["INBOX"]) == [1, 2, 4, 6, 7] and [len(there[n]) for n in ("Trash", "Sent", "Drafts", "客户/北京")] == [1, 1, 1, 1]
server.do("LOGOUT")
