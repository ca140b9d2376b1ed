# SPDX-License-Identifier: MIT
# Mail hosts for tests: SMTP servers on loopback that do as they are told and write down what happens.
#   python3 smtp_sink.py RECORD ADDRESS@PORT[,option...] ...
# RECORD gets one line of JSON per event: {"at": ADDRESS, "event": "connect"|"mail"|"rcpt"|"data"|
# "message"|"quit"|"tls"|"auth"|"rset", ...}.  "ready" is printed when all listen.
# Options: 8bit, size=N, nopipelining, tls=CERT+KEY, tlsbroken, tlsdeaf, auth=USER+PASSWORD,
#   name=NAME (greets so), greet=CODE, close (after each message, without a word), per=N (421 from the
#   Nth MAIL of a connection on), bye (421 right behind the answer to each message), idle=SECONDS (ends
#   a connection that idles), cut (ends the first connection in the middle of its message), once451
#   (MAIL on a connection that was used before gets 451), ext=WORD+WORD (offered as well, _ for a blank), lmtp
# Recipients decide, too: full-x 450, gone-x 550, listed-x 451 for our address's sake, slow-x answers its message a second late.
import asyncio, base64, json, socket, ssl, sys

record = open(sys.argv[1], "a", buffering=1)


def options(text):
    o = {}
    for x in filter(None, text.split(",")):
        k, _, v = x.partition("=")
        o[k] = v or True
    return o


class Host:
    def __init__(self, address, port, o):
        self.address, self.port, self.o, self.connections = address, port, o, 0

    def log(self, event, **more):
        record.write(json.dumps({"at": self.address, "event": event, **more}) + "\n")

    async def serve(self, reader, writer):
        self.connections += 1
        number, o = self.connections, self.o
        name = o.get("name", "sink." + self.address)
        self.log("connect", n=number, source=writer.get_extra_info("peername")[0])

        def say(text):
            writer.write(text.encode() + b"\r\n")

        def extensions(tls):
            x = [name, "ENHANCEDSTATUSCODES"]
            if "nopipelining" not in o: x.append("PIPELINING")
            if "8bit" in o: x.append("8BITMIME")
            if "size" in o: x.append("SIZE " + o["size"])
            if not tls and any(k in o for k in ("tls", "tlsbroken", "tlsdeaf")): x.append("STARTTLS")
            if "ext" in o: x += [w.replace("_", " ") for w in o["ext"].split("+") if tls or w != "REQUIRETLS"]
            if "auth" in o: x.append("AUTH PLAIN LOGIN")
            return "\r\n".join("250" + ("-" if i + 1 < len(x) else " ") + v for i, v in enumerate(x))

        try:
            say(f"{o.get('greet', '220')} {name} ESMTP")
            mails, tls, allowed, rcpts, begun = 0, False, "auth" not in o, [], False
            while True:
                await writer.drain()
                wait = float(o["idle"]) if "idle" in o and mails else 60
                line = await asyncio.wait_for(reader.readline(), wait)
                if not line: return
                verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
                verb = verb.upper()
                if verb == ("LHLO" if "lmtp" in o else "EHLO"):
                    self.log("hello", n=number, name=rest)
                    say(extensions(tls))
                elif verb == "HELO": say("250 " + name)
                elif verb == "STARTTLS":
                    say("220 go")
                    await writer.drain()
                    if "tlsbroken" in o:
                        writer.write(b"this is no handshake\r\n" * 10)
                        await writer.drain()
                        return
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(*o["tls" if "tls" in o else "tlsdeaf"].split("+"))
                    await self.start_tls(reader, writer, context)
                    if "tlsdeaf" in o: return  # a handshake, then nothing
                    tls = True
                    self.log("tls", n=number)
                elif verb == "AUTH":
                    if rest.startswith("PLAIN"):
                        who = base64.b64decode(rest.split()[1]).decode().split("\0")[1:]
                    else:
                        who = []
                        for ask in ("Username:", "Password:"):
                            say("334 " + base64.b64encode(ask.encode()).decode())
                            await writer.drain()
                            who.append(base64.b64decode(await reader.readline()).decode())
                    allowed = "+".join(who) == o["auth"]
                    self.log("auth", n=number, ok=allowed, tls=tls)
                    say("235 2.7.0 ok" if allowed else "535 5.7.8 no")
                elif verb == "MAIL":
                    mails += 1
                    rcpts = []
                    if not allowed: say("530 5.7.0 log in first"); continue
                    if "per" in o and mails > int(o["per"]):
                        say("421 4.7.0 enough on this connection")
                        return
                    self.log("mail", n=number, line=rest, mails=mails)
                    begun = "once451" not in o or mails == 1
                    say("250 2.1.0 ok" if begun else "451 4.7.1 not again")
                elif verb in ("RCPT", "DATA") and not begun: say("503 5.5.1 MAIL first")
                elif verb == "RCPT":
                    to = rest.split("<")[1].split(">")[0]
                    code = {"full": "450 4.2.2 full", "gone": "550 5.1.1 gone", "listed": "451 4.7.1 your address is on a block list"}.get(to.split("-")[0], "250 2.1.5 ok")
                    self.log("rcpt", n=number, to=to, code=code[:3])
                    if code[0] == "2": rcpts.append(to)
                    say(code)
                elif verb == "DATA":
                    if not rcpts: say("554 5.5.1 nobody"); continue
                    say("354 go")
                    await writer.drain()
                    data, cut = bytearray(), "cut" in o and number == 1
                    while not data.endswith(b"\r\n.\r\n"):
                        piece = await reader.readline()
                        if not piece or cut: return
                        data += piece
                        if data == b".\r\n": break
                    slow = any(r.startswith("slow-") for r in rcpts)
                    if slow: await asyncio.sleep(1)
                    subject = [x for x in bytes(data[:4000]).split(b"\r\n") if x.lower().startswith(b"subject:")][:1]
                    self.log("message", n=number, to=rcpts, bytes=len(data), wide=not data.isascii(), subject=subject[0][8:].strip().decode("latin-1") if subject else "",
                             text=bytes(data).decode("latin-1") if len(data) < 8000 else "", tls=tls)
                    for r in rcpts[1:] if "lmtp" in o else []: say("250 2.0.0 taken " + r)
                    rcpts, begun = [], False
                    if "bye" in o:
                        say("250 2.0.0 taken\r\n421 4.3.2 going down")
                        return
                    say("250 2.0.0 taken")
                    if "close" in o: return
                elif verb == "RSET":
                    self.log("rset", n=number)
                    rcpts, begun = [], False
                    say("250 2.0.0 ok")
                elif verb == "QUIT":
                    self.log("quit", n=number)
                    say("221 2.0.0 bye")
                    return
                else: say("500 5.5.1 what")
        except asyncio.TimeoutError:
            self.log("idled", n=number)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            try:
                await writer.drain()
                writer.close()
            except (ConnectionError, ssl.SSLError):
                pass

    # StreamWriter.start_tls() came with Python 3.11; this is what it does.
    async def start_tls(self, reader, writer, context):
        if hasattr(writer, "start_tls"): return await writer.start_tls(context)
        protocol = writer.transport.get_protocol()
        transport = await asyncio.get_event_loop().start_tls(writer.transport, protocol, context, server_side=True)
        writer._transport = reader._transport = protocol._transport = transport


async def main():
    hosts = []
    for text in sys.argv[2:]:
        where, _, o = text.partition(",")
        address, port = where.split("@")
        hosts.append(Host(address, int(port), options(o)))
    for h in hosts:
        await asyncio.start_server(h.serve, h.address, h.port, limit=1 << 26)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
