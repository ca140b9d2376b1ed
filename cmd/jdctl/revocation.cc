// SPDX-License-Identifier: MIT
#include "cmd/jdctl/revocation.h"

#include <memory>
#include <utility>

#include "lib/base/file.h"
#include "lib/http/client.h"
#include "lib/net/loop.h"

namespace jd::ctl {
namespace {
Result<net::OcspAnswer> read(const net::OcspQuestion& q, const Result<http::Response>& r) {
  if (!r) return Unexpected(r.error());
  if (r->status != 200) return fail(Fault::temp, "it answers HTTP {}", r->status);
  return q.read(r->body, now());
}

Result<net::OcspQuestion> question(const std::string& file) {
  TRY(std::string pem, file::read_all(file, 1 << 20));
  return wrap(net::OcspQuestion::of(pem), "{}", file);
}
}  // namespace

std::vector<Revocation> ask_responders(const std::vector<KnownCertificate>& certificates, Span within) {
  std::vector<Revocation> all;
  std::vector<std::pair<std::size_t, net::OcspQuestion>> questions;
  for (auto& k : certificates) {
    if (!k.is || k.is->responder.empty() || k.is->is_self_signed || k.is->not_after < now()) continue;
    auto q = question(k.file);
    all.push_back({k.name, k.file, k.is->responder, q ? fail(Fault::temp, "no answer") : Unexpected(q.error())});
    if (q) questions.emplace_back(all.size() - 1, std::move(*q));
  }
  if (questions.empty()) return all;

  net::Loop loop;
  auto web = http::Client::open(loop);
  if (!web) {
    for (auto& r : all) r.is = Unexpected(web.error());
    return all;
  }
  std::size_t open = questions.size();
  for (auto& [i, q] : questions) {
    http::Request ask{.method = "POST", .url = q.responder(), .headers = {{"Content-Type", std::string(q.asked_as)}}, .body = q.bytes(), .within = within, .max_body = q.max_answer};
    (*web)->request(std::move(ask), [&all, &open, &loop, i = i, q = &q](Result<http::Response> r) {
      all[i].is = read(*q, r);
      if (--open == 0) loop.stop();
    });
  }
  loop.run();
  return all;
}

}  // namespace jd::ctl
