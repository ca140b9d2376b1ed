// SPDX-License-Identifier: MIT
// client.h: fetch something by HTTP or HTTPS, under a Loop, through libcurl (only in client.cc).
//
//   TRY(auto web, http::Client::open(loop, {.resolve = ask_our_resolver}));
//   web->request({.url = "https://mta-sts.example.org/.well-known/mta-sts.txt"}, [](Result<Response> r) { ... });
//
// open() reads the certificate authorities, so it is called with full rights, before a chroot; after it
// only sockets are needed, and never a thread when `resolve` is given or the host is an IP address.
// HTTPS: the chain and the host name are always verified; TLS 1.2 or newer.  Only http and https URLs,
// without user information.  No proxy of the environment, no cookies, no .netrc.  Redirects are
// answers like others (3xx) unless max_redirects is set, and then never from https to http.
// Any HTTP status is an answer.  Errors: usage: the URL; perm: the body or the header is larger than
// asked for, or the certificate is not good; temp: no name, no connection, too slow, broken.
// The texts never have the URL's query, headers or bodies in them: those may hold secrets.
// Under a Loop; one thread.  `done` is called once, never inside request(), not after cancel() or the
// client's end.  Connections are kept for the next request to the same host.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/net/address.h"
#include "lib/net/loop.h"

namespace jd::http {

using Header = std::pair<std::string, std::string>;  // name, value; no CR or LF in either

struct Request {
  std::string method = "GET";       // GET, HEAD or POST
  std::string url;                  // its host in ASCII
  std::vector<Header> headers = {};
  std::string body = {};            // of a POST; its type is a header of the caller's
  Span within = seconds(30);        // everything: name, connection, answer
  std::size_t max_body = 1 << 20;   // of the answer
  int max_redirects = 0;            // with `resolve`: to the same host only
};

struct Response {
  int status = 0;
  std::vector<Header> headers;      // names in lower case; of the last answer; at most 64 KB
  std::string body;
  std::string_view header(std::string_view lower_name) const;  // the first; "" when absent
};

struct Options {
  std::string ca_file = {};         // PEM; "": the system's authorities
  // Where a host is; the port is the URL's.  Not given: the system's resolver, in a thread of libcurl's.
  std::function<void(const std::string& host, uint16_t port, std::function<void(Result<std::vector<net::Address>>)>)> resolve = {};
  std::string user_agent = "jdmail";
};

class Client {
 public:
  // usage: ca_file cannot be read.  Without any authorities of the system every HTTPS request fails.
  static Result<std::unique_ptr<Client>> open(net::Loop& loop, Options options = {});
  ~Client();
  uint64_t request(Request request, std::function<void(Result<Response>)> done);  // the handle
  void cancel(uint64_t handle);
  std::size_t waiting() const;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jd::http
