#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# An issuer of tokens for t/system/tokens.sh: publishes keys and tells about tokens, by HTTPS.
#   issuer.py serve DIR PORT         files in DIR: tls.pem (key and certificate), rsa.pem, ed.pem
#   issuer.py token DIR ALG NAME=VALUE...    prints a JWT; ALG RS256 or EdDSA; exp is seconds from now; bad=1 spoils it
import base64, http.server, json, os, ssl, subprocess, sys, time, urllib.parse

url64 = lambda b: base64.urlsafe_b64encode(b).rstrip(b"=").decode()

def public(dir, alg):
    der = subprocess.run(["openssl", "pkey", "-in", f"{dir}/{'rsa' if alg == 'RS256' else 'ed'}.pem", "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    if alg == "EdDSA": return {"kty": "OKP", "crv": "Ed25519", "x": url64(der[-32:]), "kid": "ed", "use": "sig"}
    text = subprocess.run(["openssl", "rsa", "-in", f"{dir}/rsa.pem", "-noout", "-modulus"], check=True, capture_output=True).stdout.decode()
    return {"kty": "RSA", "alg": "RS256", "n": url64(bytes.fromhex(text.strip().split("=")[1])), "e": "AQAB", "kid": "rsa"}

def token(dir, alg, claims):
    spoil = claims.pop("bad", None)
    if "exp" in claims: claims["exp"] = int(time.time()) + int(claims["exp"])
    head = {"alg": alg, "typ": "JWT", "kid": "rsa" if alg == "RS256" else "ed"}
    text = url64(json.dumps(head).encode()) + "." + url64(json.dumps(claims).encode())
    open(f"{dir}/to_sign", "w").write(text)
    how = ["openssl", "dgst", "-sha256", "-sign", f"{dir}/rsa.pem", f"{dir}/to_sign"] if alg == "RS256" else \
          ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", f"{dir}/ed.pem", "-in", f"{dir}/to_sign"]
    sig = bytearray(subprocess.run(how, check=True, capture_output=True).stdout)
    if spoil: sig[5] ^= 1
    return text + "." + url64(bytes(sig))

class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        open(f"{dir}/asked", "a").write(self.path + "\n")
        if self.path == "/jwks": return self.answer(200, {"keys": [{"kty": "oct", "k": "AAAA"}, public(dir, "RS256"), public(dir, "EdDSA")]})
        self.answer(404, {})
    def do_POST(self):
        open(f"{dir}/asked", "a").write(self.path + "\n")
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        want = "Basic " + base64.b64encode(b"jd%20mail:se%3Acret").decode()
        if self.headers.get("Authorization") != want: return self.answer(401, {"error": "invalid_client"})
        t = form["token"][0]
        if t == "down": return self.answer(503, {})
        if t.startswith("opaque-"): return self.answer(200, {"active": True, "email": t[7:] + "@example.test", "aud": "mail", "iss": "https://issuer.test"})
        self.answer(200, {"active": False})
    def log_message(self, *a): pass

dir = sys.argv[2]
if sys.argv[1] == "token":
    claims = dict(a.split("=", 1) for a in sys.argv[4:])
    if "email_verified" in claims: claims["email_verified"] = claims["email_verified"] == "true"
    print(token(dir, sys.argv[3], claims))
else:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), Web)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{dir}/tls.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
