# SPDX-License-Identifier: MIT
# imapflow.py fill|compare IMAP [FILE]: the mail that imapflow.js works with; what it believes is so.
import base64
import json
import sys

from boxes import Server, attachment, mail

server = Server(int(sys.argv[2]), "cai")
if sys.argv[1] == "fill":
    for n, subject in enumerate(("第一封 报价", "第二封 合同", "第三封 广告", "第四封 旧的"), 1):
        server.put("INBOX", mail(n, subject, attached=200000 if n == 2 else 0))
else:
    with open(sys.argv[3], encoding="utf-8") as f:
        believed = json.load(f)
    there = {name: {str(uid): (set(flags), data) for uid, (flags, data) in box.items()} for name, box in server.all().items()}
    here = {name: {uid: (set(m["flags"]) - {"\\Recent"}, base64.b64decode(m["text"])) for uid, m in box.items()} for name, box in believed["folders"].items()}
    assert here == there, (here, there)
    assert base64.b64decode(believed["attachment"]) == attachment(2, 200000), "the attachment is another"
    assert {name: len(box) for name, box in there.items() if box} == {"INBOX": 2, "项目/三期": 1, "Trash": 1, "Drafts": 1}, there.keys()
    assert there["INBOX"]["2"][0] == {"\\Seen", "\\Flagged"}
server.do("LOGOUT")
