// SPDX-License-Identifier: MIT
#include "cmd/acmed/acme.h"

#include "cmd/acmed/x509.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"

namespace jd {
using namespace http::acme;

namespace {
constexpr std::size_t max_answer = 256 << 10;
constexpr int max_tries = 8;  // a loaded server refuses many: pebble one in five in our test
constexpr Span patience = minutes(10), pause = seconds(1);
}  // namespace

void Acme::order(std::vector<std::string> names, auth::Key key, Done done) {
  names_ = std::move(names);
  key_ = std::move(key);
  done_ = std::move(done);
  until_ = monotonic() + patience;
  nonce_.clear();
  account_url_.clear();
  if (auto r = responder_.start(); !r) return fail(r.error());
  web_.request({.url = directory_url_, .max_body = max_answer}, [this](Result<http::Response> r) {
    if (!r) return fail(r.error());
    if (r->status != 200) return fail(Error(Fault::temp, parse_problem(r->body, r->status).text));
    auto d = parse_directory(r->body);
    if (!d) return fail(d.error());
    directory_ = std::move(*d);
    get_account();
  });
}

void Acme::post(std::string url, std::string payload, Then then) {
  auto call = std::make_shared<Call>(Call{std::move(url), std::move(payload), account_url_.empty(), std::move(then)});
  send(call);
}

void Acme::send(std::shared_ptr<Call> call) {
  if (monotonic() >= until_) return fail(Error(Fault::temp, "the order took too long"));
  if (nonce_.empty()) {
    web_.request({.method = "HEAD", .url = directory_.new_nonce}, [this, call](Result<http::Response> r) {
      if (!r) return fail(r.error());
      nonce_ = r->header("replay-nonce");
      if (nonce_.empty()) return fail(Error(Fault::temp, "the ACME server gives no nonce"));
      send(call);
    });
    return;
  }
  Json header = Json::object();
  header.set("nonce", nonce_).set("url", call->url);
  nonce_.clear();  // each is good once
  if (call->is_first) header.set("jwk", account_.jwk());
  else header.set("kid", account_url_);
  auto body = auth::sign_jws(account_, std::move(header), call->payload);
  if (!body) return fail(body.error());
  http::Request q{.method = "POST", .url = call->url, .body = std::move(*body), .max_body = max_answer};
  q.headers = {{"Content-Type", "application/jose+json"}};
  web_.request(std::move(q), [this, call](Result<http::Response> r) { received(call, std::move(r)); });
}

void Acme::received(std::shared_ptr<Call> call, Result<http::Response> r) {
  if (!r) return fail(r.error());
  nonce_ = r->header("replay-nonce");
  if (r->status < 300) return call->then(*r);
  auto problem = parse_problem(r->body, r->status);
  if (problem.is_bad_nonce && ++call->tries < max_tries) return send(call);
  fail(Error(Fault::temp, problem.text));
}

void Acme::get_account() {
  Json j = Json::object();
  j.set("termsOfServiceAgreed", true);
  if (!contact_.empty()) j.set("contact", Json::array().push("mailto:" + contact_));
  post(directory_.new_account, j.text(), [this](const http::Response& r) {
    account_url_ = r.header("location");
    if (account_url_.empty()) return fail(Error(Fault::temp, "the ACME server does not name our account"));
    new_order();
  });
}

void Acme::new_order() {
  Json list = Json::array();
  for (auto& n : names_) list.push(Json::object().set("type", "dns").set("value", n));
  post(directory_.new_order, Json::object().set("identifiers", list).text(), [this](const http::Response& r) {
    order_url_ = r.header("location");
    auto o = parse_order(r.body);
    if (!o || order_url_.empty()) return fail(o ? Error(Fault::temp, "the ACME server does not name our order") : o.error());
    order_ = std::move(*o);
    at_ = 0;
    authorize();
  });
}

void Acme::authorize() {
  if (at_ >= order_.authorizations.size()) return await_order();
  post(order_.authorizations[at_], "", [this](const http::Response& r) {
    auto a = parse_authorization(r.body, responder_.type());
    if (!a) return fail(a.error());
    if (a->status == Status8555::valid) {  // from an order of before
      at_++;
      return authorize();
    }
    if (a->status != Status8555::pending) return fail(Error(Fault::temp, fmt::format("{}: {}", a->name, a->error)));
    challenge(*a);
  });
}

void Acme::challenge(const Authorization& a) {
  if (a.url.empty()) return fail(Error(Fault::perm, fmt::format("the ACME server does not offer {} for {}", responder_.type(), a.name)));
  if (auto r = responder_.answer(a.name, a.token, a.token + "." + account_.thumbprint()); !r) return fail(r.error());
  post(a.url, "{}", [this](const http::Response&) { wait([this] { poll_authorization(); }); });
}

void Acme::poll_authorization() {
  post(order_.authorizations[at_], "", [this](const http::Response& r) {
    auto a = parse_authorization(r.body, responder_.type());
    if (!a) return fail(a.error());
    if (a->status == Status8555::pending || a->status == Status8555::processing) return wait([this] { poll_authorization(); });
    if (a->status != Status8555::valid) return fail(Error(Fault::temp, fmt::format("{} could not be proved: {}", a->name, a->error)));
    at_++;
    authorize();
  });
}

void Acme::await_order() {
  post(order_url_, "", [this](const http::Response& r) {
    auto o = parse_order(r.body);
    if (!o) return fail(o.error());
    order_ = std::move(*o);
    switch (order_.status) {
      case Status8555::ready: return finalize();
      case Status8555::valid: return fetch();
      case Status8555::invalid: return fail(Error(Fault::temp, "the order failed: " + order_.error));
      default: return wait([this] { await_order(); });
    }
  });
}

void Acme::finalize() {
  auto csr = certificate_request(*key_, names_);
  if (!csr) return fail(csr.error());
  post(order_.finalize, Json::object().set("csr", base64url_encode(*csr)).text(), [this](const http::Response&) { wait([this] { await_order(); }); });
}

void Acme::fetch() {
  post(order_.certificate, "", [this](const http::Response& r) {
    if (!is_of_key(r.body, *key_)) return fail(Error(Fault::perm, "the ACME server's certificate is not for our key"));
    finish(r.body);
  });
}

void Acme::wait(std::function<void()> then) {
  then_ = std::move(then);
  timer_.start(pause);
}

void Acme::fail(const Error& e) { finish(Unexpected(e)); }

void Acme::finish(Result<std::string> r) {
  responder_.stop();
  auto done = std::move(done_);
  done_ = nullptr;
  if (done) done(std::move(r));
}

}  // namespace jd
