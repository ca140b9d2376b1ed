// SPDX-License-Identifier: MIT
// imapflow.js PORT DELIVER: a program with imapflow (COMPRESS, CONDSTORE, QRESYNC, IDLE) works in cai's mailboxes and prints
// what it then believes they hold, as JSON: {folders: {name: {uid: {flags, text}}}, attachment}.  DELIVER is run in between.
const { ImapFlow } = require("imapflow");
const { execFileSync } = require("child_process");
const assert = require("assert");
const [port, deliver] = process.argv.slice(2);
const client = () => new ImapFlow({ host: "127.0.0.1", port: Number(port), secure: true, tls: { rejectUnauthorized: false }, qresync: true, logger: false,
                                    auth: { user: "cai@example.test", pass: "pw" } });
const believed = {};

async function read(c, path) {
  const lock = await c.getMailboxLock(path);
  const box = {};
  try {
    assert.equal(c.mailbox.path, path);
    if (c.mailbox.exists)
      for await (const m of c.fetch("1:*", { uid: true, flags: true, envelope: true, bodyStructure: true, internalDate: true, source: true, size: true })) {
        assert.equal(m.source.length, m.size);
        box[m.uid] = { flags: [...m.flags], text: m.source.toString("base64"), subject: m.envelope.subject };
      }
    assert.equal(Object.keys(box).length, c.mailbox.exists);
  } finally {
    lock.release();
  }
  return box;
}

const bytes = async stream => { const all = []; for await (const x of stream) all.push(x); return Buffer.concat(all); };

(async () => {
  const c = client();
  await c.connect();
  const roles = Object.fromEntries((await c.list()).filter(f => f.specialUse).map(f => [f.specialUse, f.path]));
  for (const role of ["\\Sent", "\\Drafts", "\\Trash", "\\Junk"]) assert.ok(roles[role], role);
  assert.ok((await c.mailboxCreate("项目/二期")).created);
  assert.ok((await c.mailboxRename("项目/二期", "项目/三期")).newPath);

  let lock = await c.getMailboxLock("INBOX");
  assert.deepEqual(await c.search({ subject: "合同" }, { uid: true }), [2]);
  assert.deepEqual(await c.search({ body: "第 3 行" }, { uid: true }), [3]);
  const two = await c.fetchOne("2", { bodyStructure: true, envelope: true }, { uid: true });
  assert.equal(two.envelope.subject, "第二封 合同");
  const part = two.bodyStructure.childNodes[1];
  const { meta, content } = await c.download("2", part.part, { uid: true });
  assert.equal(meta.filename, "合同.bin");
  believed.attachment = (await bytes(content)).toString("base64");
  assert.ok(await c.messageFlagsAdd("1:2", ["\\Seen", "$Forwarded"], { uid: true }));
  assert.ok(await c.messageFlagsRemove("2", ["$Forwarded"], { uid: true }));
  assert.ok((await c.messageCopy("1", "项目/三期", { uid: true })).uidMap.get(1));
  assert.ok((await c.messageMove("3", roles["\\Trash"], { uid: true })).uidMap.get(3));
  assert.ok(await c.messageDelete("4", { uid: true }));

  // News while it idles.
  const news = new Promise((resolve, reject) => {
    c.once("exists", resolve);
    setTimeout(() => reject(new Error("no news in IDLE")), 60000).unref();
  });
  c.idle();
  setTimeout(() => execFileSync("sh", ["-c", deliver]), 500);
  const { path, count, prevCount } = await news;
  assert.deepEqual([path, count, prevCount], ["INBOX", 3, 2]);
  lock.release();
  assert.ok((await c.append(roles["\\Drafts"], "Subject: =?gb18030?B?1tDOxA==?=\r\n\r\n" + "x".repeat(100000) + "\r\n", ["\\Draft", "\\Seen"])).uid);

  // Another connection sees it all, and changes it; the first is told.
  const d = client();
  await d.connect();
  const flags = new Promise(resolve => c.on("flags", e => e.flags.has("\\Flagged") && resolve(e)));
  const gone = new Promise(resolve => c.once("expunge", resolve));
  lock = await c.getMailboxLock("INBOX");
  const theirs = await d.getMailboxLock("INBOX");
  assert.ok(await d.messageFlagsAdd("2", ["\\Flagged"], { uid: true }));
  assert.ok(await d.messageDelete("1", { uid: true }));
  await c.noop();
  assert.ok((await flags).flags.has("\\Flagged"));
  await gone;
  theirs.release();
  lock.release();
  const status = await d.status("INBOX", { messages: true, unseen: true, highestModseq: true, uidNext: true });
  assert.deepEqual([status.messages, status.unseen, status.uidNext], [2, 1, 6]);
  await d.logout();

  believed.folders = {};
  for (const f of await c.list()) if (!f.flags.has("\\Noselect")) believed.folders[f.path] = await read(c, f.path);
  await c.logout();
  console.log(JSON.stringify(believed));
})().catch(e => { console.error(e, e.responseText || ""); process.exit(1); });
