// SPDX-License-Identifier: MIT
#include "lib/base/config.h"

#include <errno.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <toml++/toml.h>
#include <variant>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/base/uidl_format.h"

namespace jd {
namespace {
using Strings = std::vector<std::string>;
using Spans = std::vector<Span>;
using Numbers = std::vector<uint64_t>;
struct Size { uint64_t Config::*to; };
struct Choice { std::string Config::*to; Strings of; };
using Target = std::variant<std::string Config::*, Strings Config::*, uint64_t Config::*, bool Config::*,
                            Span Config::*, Spans Config::*, Numbers Config::*, Size, Choice>;
struct Setting {
  const char* table;
  const char* key;
  Target to;
  const char* help;
};

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = {
      {"", "hostname", &Config::hostname, "The name this host has in greetings, Received and Message-ID."},
      {"", "postmaster", &Config::postmaster, "Who gets what cannot be returned to its sender; empty: postmaster@ and the hostname."},
      {"", "origin", &Config::origin, "The domain behind addresses without one in what local programs send; empty: the postmaster's."},
      {"listen", "smtp", &Config::listen_smtp, "Addresses, e.g. [\"0.0.0.0:25\", \"[::]:25\"]; an empty list turns a service off."},
      {"listen", "submission", &Config::listen_submission, "STARTTLS and AUTH (port 587)."},
      {"listen", "submissions", &Config::listen_submissions, "TLS from the first byte (port 465)."},
      {"listen", "pop3", &Config::listen_pop3, ""},
      {"listen", "pop3s", &Config::listen_pop3s, ""},
      {"listen", "imap", &Config::listen_imap, ""},
      {"listen", "imaps", &Config::listen_imaps, ""},
      {"listen", "lmtp", &Config::lmtp, "LMTP on run/lmtp.sock."},
      {"listen", "proxy_from", &Config::proxy_from, "Proxies, e.g. [\"192.0.2.7\"]: SMTP connections from there begin with a PROXY header."},
      {"tls", "certificate", &Config::tls_certificate, "PEM, with the chain; a relative path is below etc.  `jdctl reload` takes a new one."},
      {"tls", "key", &Config::tls_key, "PEM."},
      {"tls", "certificates", &Config::tls_certificates, "A folder below which each <name>/cert.pem and key.pem is given to who asks for one of its names (SNI)."},
      {"tls", "client_ca", &Config::tls_client_ca, "PEM: clients are asked for a certificate of these authorities, and it is logged; empty: they are not asked."},
      {"acme", "certificates", &Config::acme_certificates, "Certificates that acmed gets and renews; each text has a certificate's host names, e.g. [\"mail.example.org imap.example.org\"]."},
      {"acme", "agree", &Config::acme_agree, "true: you agree to the authority's terms of service."},
      {"acme", "directory", &Config::acme_directory, "The authority."},
      {"acme", "contact", &Config::acme_contact, "An address that the authority may write to; empty: none."},
      {"acme", "challenge", Choice{&Config::acme_challenge, {"http-01", "tls-alpn-01"}}, "How the names are proved: \"http-01\" (port 80) or \"tls-alpn-01\" (port 443)."},
      {"acme", "http", &Config::acme_http, "Where the authority finds us, while an order is under way."},
      {"acme", "tls_alpn", &Config::acme_tls_alpn, ""},
      {"acme", "ca_file", &Config::acme_ca_file, "PEM of the authorities that may vouch for the ACME server itself; empty: the system's."},
      {"auth", "plaintext", Choice{&Config::plaintext_auth, {"never", "loopback", "always"}}, "Passwords without TLS: \"never\", from \"loopback\" only, or \"always\"."},
      {"auth", "relay_from", &Config::relay_from, "Networks that may send to other domains without a password, e.g. [\"192.0.2.0/24\"]."},
      {"submission", "check_sender", &Config::check_sender, "Who is logged in sends from his own addresses and aliases only; `jdctl user send-as` gives further ones."},
      {"submission", "check_header_from", &Config::check_header_from, "The same for the From field of the message."},
      {"submission", "messages_per_hour", &Config::user_messages_per_hour, "Of one account, as the next two; 0: no limit."},
      {"submission", "recipients_per_hour", &Config::user_recipients_per_hour, ""},
      {"submission", "bytes_per_day", Size{&Config::user_bytes_per_day}, ""},
      {"submission", "max_hold", &Config::max_hold, "The longest time that a sender may ask a message to be held (HOLDFOR); \"0s\": not offered."},
      {"submission", "hide_client_ip", &Config::hide_client_ip, "Leave the address and name of a user's computer out of Received."},
      {"oauth", "jwks", &Config::oauth_jwks, "Logins with OAUTHBEARER and XOAUTH2: https URL of the issuer's public keys (JWK set); tokens are then verified here."},
      {"oauth", "introspection", &Config::oauth_introspection, "https URL where the issuer is asked about a token (RFC 7662)."},
      {"oauth", "client", &Config::oauth_client, "Our name there."},
      {"oauth", "secret_file", &Config::oauth_secret_file, "A file that holds our password there alone; relative paths are below etc."},
      {"oauth", "issuer", &Config::oauth_issuer, "The iss that a token must have; empty: any."},
      {"oauth", "audience", &Config::oauth_audience, "One of these must be a token's aud; empty: any."},
      {"oauth", "scope", &Config::oauth_scope, "Must be among a token's scopes; empty: none."},
      {"oauth", "claim", &Config::oauth_claim, "The claim that names the account."},
      {"oauth", "ca_file", &Config::oauth_ca_file, "PEM of the authorities that may vouch for these hosts; empty: the system's."},
      {"limits", "message_size", Size{&Config::message_size}, "Largest message taken, in bytes or as \"50M\"."},
      {"limits", "recipients", &Config::max_recipients, "Per message."},
      {"limits", "default_quota", &Config::default_quota, "Of new accounts, e.g. \"5G\"; \"0\": none."},
      {"limits", "default_message_quota", &Config::default_message_quota, "The same in messages; 0: none."},
      {"limits", "quota_warn", &Config::quota_warn, "Percents of a quota at which the user is told by a message, once each time he comes there; []: never."},
      {"store", "undelete_days", &Config::undelete_days, "What is deleted can be brought back so many days (`jdctl mailbox undelete`), and takes space as long."},
      {"store", "trash_days", &Config::trash_days, "Mail that is in Trash for so many days is expunged (and can be undeleted then as above); 0: never."},
      {"store", "junk_days", &Config::junk_days, "The same for Junk."},
      {"store", "expire", &Config::expire, "The same for other folders, e.g. [\"Lists/Announce 90d\"]."},
      {"store", "keep_every", &Config::keep_every, "How often keeperd comes to each mailbox to do that."},
      {"smtp", "processes", &Config::smtp_processes, ""},
      {"smtp", "connections", &Config::smtp_connections, "Per process."},
      {"smtp", "connections_per_ip", &Config::smtp_connections_per_ip, "Per process; loopback is exempt."},
      {"smtp", "idle", &Config::smtp_idle, "A client that says nothing for so long is dismissed."},
      {"smtp", "session", &Config::smtp_session, "The longest session; a message under way is finished first."},
      {"smtp", "greet_delay", &Config::smtp_greet_delay, "On port 25: who speaks before the greeting is refused; \"0s\": no delay."},
      {"smtp", "min_rate", &Config::smtp_min_rate, "Bytes per second: slower messages are cut off; 0: none, here and below."},
      {"smtp", "memory", Size{&Config::smtp_memory}, "Of all messages under way, per process."},
      {"smtp", "errors", &Config::smtp_errors, "Of one session that does little else."},
      {"smtp", "tarpit", &Config::smtp_tarpit, "The wait before an error is answered, from the fifth on."},
      {"smtp", "messages_per_session", &Config::smtp_messages_per_session, ""},
      {"smtp", "messages_per_minute", &Config::smtp_messages_per_minute, "From one address, as the next two."},
      {"smtp", "recipients_per_minute", &Config::smtp_recipients_per_minute, ""},
      {"smtp", "unknown_per_minute", &Config::smtp_unknown_per_minute, "Recipients that do not exist."},
      {"smtp", "unlimited_from", &Config::unlimited_from, "Networks for which greet_delay, tarpit and the limits by address do not hold."},
      {"smtp", "refuse_from", &Config::refuse_from, "Networks whose connections are refused with 521."},
      {"smtp", "xclient_from", &Config::xclient_from, "Networks that may say XCLIENT and XFORWARD for their clients."},
      {"smtp", "etrn_from", &Config::etrn_from, "Networks that may say ETRN."},
      {"smtp", "subaddress_separator", &Config::subaddress_separator, "user+tag is delivered to user; \"\" turns it off."},
      {"access", "processes", &Config::frontd_processes, "Of frontd, the door of POP3 and IMAP."},
      {"access", "sessions", &Config::sessions, "Per process."},
      {"access", "sessions_per_user", &Config::sessions_per_user, "Of all protocols together, those that are silent too."},
      {"access", "session_memory", Size{&Config::session_memory}, "Of one session's process; it ends with a BYE that says so.  0: no limit."},
      {"access", "session_cpu", &Config::session_cpu, "Time of the processor for one command; as above."},
      {"access", "imap_idle", &Config::imap_idle, "RFC 3501 asks for at least 30m."},
      {"access", "imap_message_limit", &Config::imap_message_limit, "Messages that one IMAP command works on (MESSAGELIMIT); 1000 at least; 0: no limit, as most clients expect."},
      {"access", "pop3_idle", &Config::pop3_idle, "RFC 1939 asks for at least 10m."},
      {"access", "pop3_uidl", &Config::pop3_uidl, "Of UIDVALIDITY and UID; behind an import from Dovecot \"%08Xu%08Xv\", so that clients do not fetch all again."},
      {"access", "pop3_exclusive", &Config::pop3_exclusive, "A second POP3 session of a mailbox is refused ([IN-USE]); IMAP sessions are not concerned."},
      {"access", "pop3_login_delay", &Config::pop3_login_delay, "An account that logs in by POP3 again before is refused ([LOGIN-DELAY]); \"0s\": it may."},
      {"access", "pop3_language", Choice{&Config::pop3_language, {"en", "zh"}}, "In which POP3 speaks to people whose program asks for the language you prefer (LANG *)."},
      {"search", "index", &Config::search_index, "indexd keeps an index of each mailbox, so that SEARCH need not read all of the mail."},
      {"search", "documents", &Config::search_documents, "The index holds what stands in attached PDF and office documents too, so that searches find it."},
      {"search", "every", &Config::search_every, "How often it looks for new mail; what is not indexed yet is found too, by reading it."},
      {"metrics", "listen", &Config::metrics_listen, "Where metricsd tells Prometheus about the queue, e.g. [\"127.0.0.1:9154\"]; empty: it is not started."},
      {"queue", "retry", &Config::retry, "Waits between attempts; the last one repeats."},
      {"queue", "warn_after", &Config::warn_after, "The sender is told that a message is late; \"0s\": never."},
      {"queue", "give_up_after", &Config::give_up_after, "The message is returned."},
      {"queue", "report_language", Choice{&Config::report_language, {"sender", "en", "zh", "both"}}, "Of reports to senders; \"sender\": Chinese to who seems to write it, else English."},
      {"queue", "srs", &Config::srs, "Mail that aliases send on gets a reverse path of ours (SRS), so that the next host's SPF check passes."},
      {"queue", "concurrency", &Config::concurrency, "Connections to one destination at the most."},
      {"relay", "smarthost", &Config::smarthost, "host:port that takes all outgoing mail; empty: by MX."},
      {"relay", "user", &Config::smarthost_user, ""},
      {"relay", "password_file", &Config::smarthost_password_file, "A file that holds the password alone; relative paths are below etc."},
      {"relay", "tls", Choice{&Config::smarthost_tls, {"opportunistic", "required", "implicit", "never"}}, ""},
      {"relay", "port", &Config::smtp_port_out, "The port that mail hosts listen on."},
      {"relay", "ca_file", &Config::relay_ca_file, "PEM: the authorities that mail hosts and MTA-STS are trusted by; empty: those of the system."},
      {"relay", "sts_port", &Config::sts_port, "The port that MTA-STS policies (RFC 8461) are fetched from."},
      {"relay", "address_failures", &Config::address_failures, "Refusals that are about the address we send from: RE2 patterns, any case."},
      {"relay", "tls_report", &Config::tls_report, "Tell domains that ask for it how TLS went (RFC 8460)."},
      {"relay", "tls_report_every", &Config::tls_report_every, ""},
      {"dns", "servers", &Config::dns_servers, "host or host@port; empty: those of /etc/resolv.conf."},
      {"dns", "dnssec", Choice{&Config::dns_dnssec, {"auto", "on", "off"}}, "Validate answers, which DANE needs: \"auto\" where the name servers let it."},
      {"dns", "trust_anchor", &Config::dns_trust_anchor, "A file with DS or DNSKEY lines; empty: /usr/share/dns/root.key."},
  };
  return all;
}

std::string quoted(std::string_view s) { return '"' + escape(s) + '"'; }

std::string span_value(Span s) {
  if (s.ns % 86'400'000'000'000 == 0 && s.ns) return fmt::format("\"{}d\"", s.seconds() / 86400);
  if (s.seconds() % 3600 == 0 && s.ns) return fmt::format("\"{}h\"", s.seconds() / 3600);
  if (s.seconds() % 60 == 0 && s.ns) return fmt::format("\"{}m\"", s.seconds() / 60);
  if (s.ms() % 1000) return fmt::format("\"{}ms\"", s.ms());
  return fmt::format("\"{}s\"", s.seconds());
}

template <class T, class F>
std::string list_value(const std::vector<T>& v, F one) {
  std::string r = "[";
  for (auto& x : v) r += (r.size() > 1 ? ", " : "") + one(x);
  return r + "]";
}

std::string value_text(const Config& c, const Target& to) {
  struct V {
    const Config& c;
    std::string operator()(std::string Config::*m) const { return quoted(c.*m); }
    std::string operator()(Strings Config::*m) const { return list_value(c.*m, [](auto& s) { return quoted(s); }); }
    std::string operator()(uint64_t Config::*m) const { return fmt::format("{}", c.*m); }
    std::string operator()(bool Config::*m) const { return c.*m ? "true" : "false"; }
    std::string operator()(Span Config::*m) const { return span_value(c.*m); }
    std::string operator()(Spans Config::*m) const { return list_value(c.*m, span_value); }
    std::string operator()(Numbers Config::*m) const { return list_value(c.*m, [](uint64_t n) { return fmt::format("{}", n); }); }
    std::string operator()(const Size& s) const { return fmt::format("{}", c.*s.to); }
    std::string operator()(const Choice& s) const { return quoted(c.*s.to); }
  };
  return std::visit(V{c}, to);
}

// Puts the value into c; returns what is wrong with it, or "".
struct Put {
  Config& c;
  const toml::node& n;
  std::string operator()(std::string Config::*m) {
    auto s = n.value_exact<std::string>();
    if (!s) return "must be a text in quotes";
    c.*m = *s;
    return "";
  }
  std::string operator()(bool Config::*m) {
    auto b = n.value_exact<bool>();
    if (!b) return "must be true or false";
    c.*m = *b;
    return "";
  }
  std::string operator()(uint64_t Config::*m) {
    auto v = n.value_exact<int64_t>();
    if (!v || *v < 0 || *v > 1'000'000'000) return "must be a whole number";
    c.*m = static_cast<uint64_t>(*v);
    return "";
  }
  std::string operator()(const Size& s) {
    if (auto v = n.value_exact<int64_t>(); v && *v > 0) c.*s.to = static_cast<uint64_t>(*v);
    else if (auto t = n.value_exact<std::string>(); t && to_size(*t).value_or(0)) c.*s.to = *to_size(*t);
    else return "must be a size such as \"50M\"";
    return "";
  }
  std::string operator()(Span Config::*m) {
    auto t = n.value_exact<std::string>();
    auto s = t ? to_span(*t) : std::nullopt;
    if (!s) return "must be a time such as \"90s\", \"5m\", \"4h\" or \"5d\"";
    c.*m = *s;
    return "";
  }
  std::string operator()(const Choice& s) {
    auto t = n.value_exact<std::string>();
    if (!t || std::find(s.of.begin(), s.of.end(), *t) == s.of.end())
      return "must be one of " + list_value(s.of, quoted);
    c.*s.to = *t;
    return "";
  }
  std::string operator()(Strings Config::*m) {
    Strings r;
    if (!n.is_array()) return "must be a list of texts";
    for (auto& e : *n.as_array()) {
      auto s = e.value_exact<std::string>();
      if (!s) return "must be a list of texts";
      r.push_back(*s);
    }
    c.*m = r;
    return "";
  }
  std::string operator()(Numbers Config::*m) {
    Numbers r;
    if (!n.is_array()) return "must be a list of whole numbers";
    for (auto& e : *n.as_array()) {
      auto v = e.value_exact<int64_t>();
      if (!v || *v < 0 || *v > 1'000'000'000) return "must be a list of whole numbers";
      r.push_back(static_cast<uint64_t>(*v));
    }
    c.*m = r;
    return "";
  }
  std::string operator()(Spans Config::*m) {
    Spans r;
    if (!n.is_array() || n.as_array()->empty()) return "must be a list of times such as [\"5m\", \"1h\"]";
    for (auto& e : *n.as_array()) {
      auto t = e.value_exact<std::string>();
      auto s = t ? to_span(*t) : std::nullopt;
      if (!s || s->ns <= 0) return "must be a list of times such as [\"5m\", \"1h\"]";
      r.push_back(*s);
    }
    c.*m = r;
    return "";
  }
};

const Setting* find(std::string_view table, std::string_view key) {
  for (auto& s : settings())
    if (s.table == table && s.key == key) return &s;
  return nullptr;
}

std::string nearest(std::string_view table, std::string_view key) {
  auto distance = [](std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); j++) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); i++) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); j++) {
        std::size_t up = row[j];
        row[j] = std::min({up + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
        diagonal = up;
      }
    }
    return row[b.size()];
  };
  const Setting* best = nullptr;
  std::size_t least = 4;
  for (auto& s : settings()) {
    std::size_t d = distance(key, s.key) + (s.table == table ? 0 : 1);
    if (d < least) { least = d; best = &s; }
  }
  if (!best) return "";
  return fmt::format("; did you mean {}{}{}?", best->table, *best->table ? "." : "", best->key);
}

Unexpected wrong(const std::string& file, const toml::node& n, const std::string& text) {
  return fail(Fault::usage, "{}:{}: {}", file, n.source().begin.line, text);
}

Status read_table(Config& c, const toml::table& t, const std::string& name, const std::string& file) {
  for (auto& [key, node] : t) {
    std::string k(key.str());
    if (name.empty() && node.is_table()) {
      bool known = std::any_of(settings().begin(), settings().end(), [&](auto& s) { return s.table == k; });
      if (!known) return wrong(file, node, fmt::format("unknown table [{}]", k));
      CHECK(read_table(c, *node.as_table(), k, file));
      continue;
    }
    const Setting* s = find(name, k);
    std::string full = name.empty() ? k : name + "." + k;
    if (!s) return wrong(file, node, fmt::format("unknown setting {}{}", full, nearest(name, k)));
    std::string why = std::visit(Put{c, node}, s->to);
    if (!why.empty()) return wrong(file, node, fmt::format("{} {}", full, why));
  }
  return {};
}

Status validate(const Config& c, const std::string& file) {
  if (c.hostname.empty() || c.hostname.find_first_of(" \t\r\n") != std::string::npos)
    return fail(Fault::usage, "{}: hostname must be a host name such as mail.example.org", file);
  if (!to_size(c.default_quota))
    return fail(Fault::usage, "{}: limits.default_quota must be a size such as \"5G\", or \"0\"", file);
  if (c.undelete_days > 3650) return fail(Fault::usage, "{}: store.undelete_days must be at most 3650", file);
  if (c.keep_every < seconds(1)) return fail(Fault::usage, "{}: store.keep_every must be at least 1s", file);
  for (uint64_t percent : c.quota_warn)
    if (percent < 1 || percent > 100) return fail(Fault::usage, "{}: limits.quota_warn: percents are 1 to 100", file);
  if (c.subaddress_separator.size() > 1)
    return fail(Fault::usage, "{}: smtp.subaddress_separator must be one character or \"\"", file);
  if (c.smtp_processes < 1 || c.smtp_processes > 64 || c.frontd_processes < 1 || c.frontd_processes > 64)
    return fail(Fault::usage, "{}: processes must be 1 to 64", file);
  if (c.smtp_idle < seconds(1)) return fail(Fault::usage, "{}: smtp.idle must be at least 1s", file);
  if (c.imap_idle < seconds(1) || c.pop3_idle < seconds(1)) return fail(Fault::usage, "{}: access.imap_idle and access.pop3_idle must be at least 1s", file);
  if (c.imap_message_limit && c.imap_message_limit < 1000)
    return fail(Fault::usage, "{}: access.imap_message_limit must be at least 1000 (RFC 9738), or 0 for no limit: it is {}", file, c.imap_message_limit);
  if (c.smtp_tarpit > minutes(1) || c.smtp_greet_delay > minutes(1))
    return fail(Fault::usage, "{}: smtp.tarpit and smtp.greet_delay must be at most 1m: clients go away", file);
  if (!uidl_text(c.pop3_uidl, UINT32_MAX, UINT32_MAX) || !uidl_text(c.pop3_uidl, 1, 1))
    return fail(Fault::usage, "{}: access.pop3_uidl must have %u, may have %v (%08Xu: hexadecimal with zeros), and makes at most 70 characters without blanks", file);
  if (c.pop3_login_delay > hours(24)) return fail(Fault::usage, "{}: access.pop3_login_delay must be at most 24h", file);
  if (c.max_recipients < 1) return fail(Fault::usage, "{}: limits.recipients must be at least 1", file);
  if (c.max_hold > days(365)) return fail(Fault::usage, "{}: submission.max_hold must be at most 365d", file);
  if (c.smtp_port_out < 1 || c.smtp_port_out > 65535)
    return fail(Fault::usage, "{}: relay.port must be 1 to 65535", file);
  for (auto& names : c.acme_certificates) {
    if (words(names).empty()) return fail(Fault::usage, "{}: acme.certificates: a certificate needs a host name", file);
    for (auto n : words(names))
      if (n.find('.') == n.npos || n.size() > 253 || !std::all_of(n.begin(), n.end(), [](char x) { return is_alnum(x) || x == '-' || x == '.'; }) || n[0] == '.')
        return fail(Fault::usage, "{}: acme.certificates: '{}' is not a host name (wildcards cannot be proved this way)", file, escape(n));
  }
  if (!c.acme_certificates.empty() && !c.acme_agree)
    return fail(Fault::usage, "{}: acme.agree must be true: it says that you agree to the terms of the authority at {}", file, c.acme_directory);
  for (auto& url : {c.oauth_jwks, c.oauth_introspection}) {
    bool is_near = url.starts_with("http://127.0.0.1") || url.starts_with("http://[::1]") || url.starts_with("http://localhost");
    if (!url.empty() && !url.starts_with("https://") && !is_near)
      return fail(Fault::usage, "{}: oauth: '{}' must be an https URL: who reads a token can use it", file, url);
  }
  if (c.has_tokens() && c.oauth_claim.empty()) return fail(Fault::usage, "{}: oauth.claim must name a claim such as \"email\"", file);
  // Keys alone say who made a token, not for whom: any application's token would open every mailbox.
  if (!c.oauth_jwks.empty() && (c.oauth_issuer.empty() || c.oauth_audience.empty()))
    return fail(Fault::usage, "{}: oauth.jwks needs oauth.issuer and oauth.audience", file);
  if (c.sts_port < 1 || c.sts_port > 65535) return fail(Fault::usage, "{}: relay.sts_port must be 1 to 65535", file);
  if (c.tls_report_every < seconds(1)) return fail(Fault::usage, "{}: relay.tls_report_every must be at least 1s", file);
  return {};
}
}  // namespace

Paths Paths::of(const std::string& given) {
  Paths p;
  p.prefix = given;
  while (p.prefix.size() > 1 && p.prefix.back() == '/') p.prefix.pop_back();
  char self[4096];
  auto n = ::readlink("/proc/self/exe", self, sizeof self);
  std::string exe(self, n > 0 ? static_cast<std::size_t>(n) : 0);
  p.libexec = exe.substr(0, exe.rfind('/'));
  if (p.is_system()) {
    p.etc = "/etc/jdmail";
    p.run = "/run/jdmail";
    p.log = "/var/log/jdmail";
    p.queue = "/var/lib/jdmail/queue";
    p.mail = "/var/lib/jdmail/mail";
    p.directory = "/var/lib/jdmail/directory";
    p.remote = "/var/lib/jdmail/remote";
    p.service = "/run/jdmail-service";
    if (p.libexec == "/usr/bin" || p.libexec == "/usr/sbin") p.libexec = "/usr/libexec/jdmail";
  } else {
    if (p.prefix[0] != '/') {
      char cwd[4096];
      if (::getcwd(cwd, sizeof cwd)) p.prefix = std::string(cwd) + "/" + p.prefix;
    }
    p.etc = p.prefix + "/etc";
    p.run = p.prefix + "/run";
    p.log = p.prefix + "/log";
    p.queue = p.prefix + "/queue";
    p.mail = p.prefix + "/mail";
    p.directory = p.prefix + "/directory";
    p.remote = p.prefix + "/remote";
    p.service = p.prefix + "/service";
  }
  p.tls = p.etc + "/tls";
  return p;
}

std::string Paths::socket(std::string_view name) const { return fmt::format("{}/{}.sock", run, name); }

Result<Config> Config::parse(std::string_view text, const std::string& file) {
  Config c;
  c.address_failures = {"block ?list", "black ?list", "\\b(dns)?[rx]?bl\\b", "spamhaus|spamcop|barracuda|sorbs|uceprotect|abusix", "(poor|bad|low) (sender |ip |network )?reputation",
                        "reputation of (your|the sending)", "\\b(your|client|sender|sending|source|connecting|remote) (ip|host|server|mta|network|address)\\b.*(block|ban|list|refus|reject|denied|not allowed)",
                        "\\b(ip|host|server|network|address)\\b.{0,50} (is |has been |was )?(temporarily )?(blocked|banned|listed|blacklisted|deferred due to)",
                        "^[45]\\d\\d[ -]\\d\\.7\\.1 .*\\[?\\bip\\b", "(reverse dns|\\bptr\\b|\\brdns\\b)", "too many (connections|messages) from (your|this)"};
  c.retry = {minutes(5), minutes(10), minutes(20), minutes(40), hours(1), hours(2), hours(4)};
  try {
    toml::table t = toml::parse(text, file);
    CHECK(read_table(c, t, "", file));
  } catch (const toml::parse_error& e) {
    return fail(Fault::usage, "{}:{}: {}", file, e.source().begin.line, e.description());
  }
  CHECK(validate(c, file));
  return c;
}

Result<Config> Config::load(const Paths& paths) {
  auto text = file::read_all(paths.config_file(), 1 << 20);
  if (!text && text.error().sys == ENOENT)
    return fail(Fault::usage, "no configuration at {}: make an instance with `jdctl --prefix {} init --domain example.org`",
                paths.config_file(), paths.prefix);
  if (!text) return Unexpected(text.error());
  return parse(*text, paths.config_file());
}

Result<Config> Config::load_or_defaults(const Paths& paths) {
  return file::exists(paths.config_file()) ? load(paths) : parse("", "defaults");
}

std::string Config::to_toml() const {
  std::string r = "# The configuration of jdmail: jdmail.toml(5).  `jdctl config check` says what is wrong, `jdctl reload`\n"
                  "# makes changes take effect.  Domains, accounts and aliases are not here: `jdctl domain|user|alias`.\n";
  std::string table;
  for (auto& s : settings()) {
    if (table != s.table) r += fmt::format("\n[{}]\n", table = s.table);
    if (*s.help) r += fmt::format("# {}\n", s.help);
    r += fmt::format("{} = {}\n", s.key, value_text(*this, s.to));
  }
  return r;
}

Json Config::to_json() const {
  Json j = Json::object();
  for (auto& s : settings()) {
    auto parsed = Json::parse(value_text(*this, s.to));
    j.set(*s.table ? fmt::format("{}.{}", s.table, s.key) : s.key, parsed ? *parsed : Json());
  }
  return j;
}

Result<UserIds> user_ids(const std::string& name) {
  passwd pw, *found = nullptr;
  char buf[4096];
  ::getpwnam_r(name.c_str(), &pw, buf, sizeof buf, &found);
  if (!found) return fail(Fault::perm, "no system user {}: `make install` creates it", name);
  return UserIds{pw.pw_uid, pw.pw_gid};
}

}  // namespace jd
