// SPDX-License-Identifier: MIT
// tls: the certificates of an instance, and their renewal.
#include "cmd/jdctl/tls.h"

#include "lib/base/text.h"
#include "lib/ipc/client.h"

namespace jd::ctl {

std::vector<KnownCertificate> known_certificates(const Options& o, const Config& c) {
  auto below = [&](const std::string& p) { return p.empty() || p[0] == '/' ? p : o.paths.etc + "/" + p; };
  std::vector<KnownCertificate> all;
  if (!c.tls_certificate.empty()) all.push_back({"default", below(c.tls_certificate), net::read_certificate(below(c.tls_certificate))});
  std::string folder = below(c.tls_certificates);
  for (auto& f : net::certificates_below(folder)) all.push_back({f.name, f.certificate, net::read_certificate(f.certificate)});
  for (auto& f : net::certificates_below(folder + "/acme")) all.push_back({"acme/" + f.name, f.certificate, net::read_certificate(f.certificate)});
  return all;
}

int tls_list(const Options& o) {
  auto config = Config::load(o.paths);
  if (!config) return failed(config.error());
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows;
  bool all_good = true;
  for (auto& k : known_certificates(o, *config)) {
    Json j = Json::object();
    j.set("certificate", k.name).set("file", k.file);
    if (!k.is) {
      all_good = false;
      rows.push_back({k.name, "", "", k.is.error().what});
      list.push(j.set("error", k.is.error().what));
      continue;
    }
    std::string names;
    Json each = Json::array();
    for (auto& n : k.is->names) names += (names.empty() ? "" : " ") + n, each.push(n);
    int64_t left = (k.is->not_after - now()).seconds() / 86'400;
    std::string issuer = k.is->is_self_signed ? "self-signed" : k.is->issuer;
    rows.push_back({k.name, iso8601(k.is->not_after).substr(0, 10), issuer, names});
    j.set("names", each).set("issuer", issuer).set("until", iso8601(k.is->not_after)).set("days_left", left).set("fingerprint", k.is->fingerprint);
    list.push(std::move(j));
  }
  if (o.json) print_json(list);
  else print_table({"certificate", "until", "issuer", "names"}, rows);
  return all_good ? 0 : 1;
}

int tls_renew(const Options& o, const std::string& name) {
  auto config = Config::load(o.paths);
  if (!config) return failed(config.error());
  if (config->acme_certificates.empty()) return failed(Error(Fault::usage, "acme.certificates in the configuration names none"));
  ipc::BlockingClient acmed("acmed", o.paths.socket("acmed"));
  int status = 0;
  bool any = false;
  for (auto& c : config->acme_certificates) {
    std::string first = lower(words(c)[0]);
    if (!name.empty() && lower(name) != first) continue;
    any = true;
    ipc::Message m("renew");
    m.set("name", first);
    auto r = acmed.call(std::move(m), minutes(15));
    if (r) print("renewed " + first);
    else status = failed(r.error());
  }
  if (!any) return failed(Error(Fault::usage, fmt::format("acme.certificates has none whose first name is '{}'", escape(name))));
  return status;
}

}  // namespace jd::ctl
