#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# A SCRAM client of the tests' own, written from RFC 5802 alone, at SMTP, IMAP and POP3.
#   auth.py PROTOCOL[s] PORT MECHANISM USER PASSWORD [binding]    protocol: smtp imap pop3, with s: in TLS
# binding: none, y (could bind, saw no -PLUS), end-point, exporter.  Prints the last line of the server.
# Exit status 0: logged in, and the server proved that it knows the password too.
import base64, hashlib, hmac, os, re, socket, ssl, subprocess, sys

b64 = lambda b: base64.b64encode(b).decode()

class Plain:
    def __init__(self, port, tls):
        self.sock = socket.create_connection(("127.0.0.1", port), 20)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.file = self.sock.makefile("rwb", 0)
    def end_point(self):
        return hashlib.sha256(self.sock.getpeercert(True)).digest()
    def line(self):
        return self.file.readline().decode().rstrip("\r\n")
    def say(self, text):
        self.file.write((text + "\r\n").encode())

# The keying material of the connection is something that openssl tells and Python does not.
class Openssl:
    def __init__(self, port):
        self.p = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-crlf", "-noservername", "-ign_eof",
                                   "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.key = None
        while self.key is None:
            m = re.search(r"Keying material: ([0-9A-F]+)", self.p.stdout.readline().decode())
            if m: self.key = bytes.fromhex(m.group(1))
    def line(self):
        while True:
            l = self.p.stdout.readline().decode().rstrip("\r\n")
            if re.match(r"\+|-ERR|\* |a |\d\d\d[ -]", l) or not l and self.p.poll() is not None: return l
    def say(self, text):
        self.p.stdin.write((text + "\n").encode())
        self.p.stdin.flush()

class Protocol:
    def __init__(self, name, link):
        self.name, self.link = name, link
        link.line()
        if name == "smtp":
            link.say("EHLO client.test")
            while (l := link.line())[3] == "-": pass
    def begin(self, mechanism, initial):
        verb = {"smtp": "AUTH ", "imap": "a AUTHENTICATE ", "pop3": "AUTH "}[self.name]
        self.link.say(f"{verb}{mechanism} {b64(initial)}")
        return self.answer()
    def next(self, message):
        self.link.say(b64(message))
        return self.answer()
    # (a challenge, None) or (None, the last line)
    def answer(self):
        l = self.link.line()
        go_on = "334 " if self.name == "smtp" else "+ "
        if l.startswith(go_on) and not l.startswith("+OK"): return base64.b64decode(l[len(go_on):]), None
        return None, l
    def is_good(self, l):
        return l.startswith({"smtp": "235 ", "imap": "a OK ", "pop3": "+OK"}[self.name])

def scram(p, mechanism, user, password, flag, binding):
    nonce = b64(os.urandom(18))
    bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={nonce}"
    server_first, last = p.begin(mechanism, (flag + ",," + bare).encode())
    if server_first is None: return last
    fields = dict(f.split("=", 1) for f in server_first.decode().split(","))
    if not fields["r"].startswith(nonce): return "not our nonce"
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    mac = lambda key, text: hmac.new(key, text, hashlib.sha256).digest()
    client_key = mac(salted, b"Client Key")
    without = f"c={b64((flag + ',,').encode() + binding)},r={fields['r']}"
    text = f"{bare},{server_first.decode()},{without}".encode()
    signature = mac(hashlib.sha256(client_key).digest(), text)
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    final, last = p.next(f"{without},p={b64(proof)}".encode())
    if final is None: return last
    if final.decode() != "v=" + b64(mac(mac(salted, b"Server Key"), text)): return "the server does not know the password"
    more, last = p.next(b"")
    return last if last is not None else "it wants to hear more"

def main():
    where, port, mechanism, user, password = sys.argv[1:6]
    how = sys.argv[6] if len(sys.argv) > 6 else "none"
    tls = where.endswith("s")
    link = Openssl(int(port)) if how == "exporter" else Plain(int(port), tls)
    flag = {"none": "n", "y": "y", "end-point": "p=tls-server-end-point", "exporter": "p=tls-exporter"}[how]
    binding = link.end_point() if how == "end-point" else link.key if how == "exporter" else b""
    p = Protocol(where.rstrip("s") if tls else where, link)
    last = scram(p, mechanism, user, password, flag, binding)
    print(last)
    sys.exit(0 if p.is_good(last) else 1)

main()
