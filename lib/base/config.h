// SPDX-License-Identifier: MIT
// config.h: where an instance lives, and its one configuration file, etc/jdmail.toml.
//
// Paths: `--prefix DIR` puts everything below DIR; prefix "/" is the system layout (jdmail(7)).
// Config: few settings with good defaults; a key that is unknown, has the wrong type or a value out
// of range is refused with the file, the line, the reason and what would be right.  Nobody keeps a
// global one: it is read once by the program's main and handed on.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/base/time.h"

namespace jd {

struct Paths {
  std::string prefix, etc, run, queue, mail, directory, remote, log, service, tls;
  static Paths of(const std::string& prefix);
  std::string config_file() const { return etc + "/jdmail.toml"; }
  std::string socket(std::string_view name) const;  // run/<name>.sock
  std::string libexec;                              // where the other programs are
  bool is_system() const { return prefix == "/"; }
};

struct Config {
  std::string hostname = "localhost";
  std::string postmaster;                         // who gets double bounces; default postmaster@<hostname>
  std::string origin;                             // domain of addresses without one, from local programs
  std::vector<std::string> listen_smtp, listen_submission, listen_submissions, listen_pop3,
      listen_pop3s, listen_imap, listen_imaps;
  bool lmtp = true;                               // on run/lmtp.sock
  std::string tls_certificate, tls_key;           // PEM; relative to etc/
  std::string tls_certificates = "tls";           // a folder of folders with cert.pem and key.pem, for SNI
  std::string tls_client_ca;                      // clients are asked for a certificate of these authorities
  // Certificates by ACME: off unless acme_certificates names some and acme_agree is set.
  std::vector<std::string> acme_certificates;     // each: host names with blanks between
  std::string acme_directory = "https://acme-v02.api.letsencrypt.org/directory";
  std::string acme_contact;                       // an address, for the authority's warnings
  bool acme_agree = false;                        // to the authority's terms
  std::string acme_challenge = "http-01";         // http-01 | tls-alpn-01
  std::vector<std::string> acme_http{"0.0.0.0:80", "[::]:80"}, acme_tls_alpn{"0.0.0.0:443", "[::]:443"};
  std::string acme_ca_file;                       // PEM; "": the system's authorities
  std::string plaintext_auth = "loopback";        // never | loopback | always
  bool check_sender = true;                       // who is logged in sends from his own addresses
  bool check_header_from = false;                 // in the From field too
  // Bearer tokens: off unless one of both URLs is there.
  std::string oauth_jwks, oauth_introspection;    // where the issuer's keys are; where it tells about a token
  std::string oauth_client, oauth_secret_file;    // our name and password at the introspection
  std::string oauth_issuer, oauth_scope;          // what a token must say; "": anything
  std::vector<std::string> oauth_audience;
  std::string oauth_claim = "email";              // which claim names the account
  std::string oauth_ca_file;                      // PEM; "": the system's authorities
  bool has_tokens() const { return !oauth_jwks.empty() || !oauth_introspection.empty(); }
  std::vector<std::string> relay_from;            // networks that may relay without AUTH
  uint64_t message_size = 50 << 20;
  uint64_t max_recipients = 1000;
  uint64_t smtp_processes = 2;
  uint64_t smtp_connections = 20000;              // per process
  uint64_t smtp_connections_per_ip = 1000;        // per process; loopback is exempt
  Span smtp_idle = minutes(5);
  std::vector<std::string> proxy_from;            // connections from there begin with a PROXY header
  std::vector<std::string> refuse_from, xclient_from, etrn_from;
  std::vector<std::string> unlimited_from = {"127.0.0.0/8", "::1"};  // free of limits by address
  uint64_t smtp_messages_per_session = 10'000;    // 0: no limit, here and below
  uint64_t smtp_messages_per_minute = 600, smtp_recipients_per_minute = 6000, smtp_unknown_per_minute = 100;  // of one address
  uint64_t smtp_errors = 20;                      // of one session
  Span smtp_tarpit = seconds(1);                  // before the answer to what is wrong too often
  Span smtp_greet_delay = seconds(1);
  Span smtp_session = hours(2);                   // the longest
  uint64_t smtp_min_rate = 100;                   // bytes per second of a message
  uint64_t smtp_memory = 256 << 20;               // of all messages under way, per process
  bool hide_client_ip = false;
  Span max_hold = days(30);                       // FUTURERELEASE; 0: not offered
  uint64_t user_messages_per_hour = 1000, user_recipients_per_hour = 5000;  // of one account
  uint64_t user_bytes_per_day = 10ull << 30;
  std::string subaddress_separator = "+";         // "" turns user+tag off
  uint64_t frontd_processes = 2;
  uint64_t sessions = 20000;                      // POP3 and IMAP connections per process
  uint64_t sessions_per_user = 50;
  uint64_t session_memory = 1 << 30;              // bytes of one session's process; 0: no limit
  Span session_cpu = minutes(2);                  // of the processor, for one command; 0: no limit
  Span imap_idle = minutes(30);
  uint64_t imap_message_limit = 0;                // messages that one command works on (RFC 9738); 0: no limit
  Span pop3_idle = minutes(10);
  std::string pop3_uidl = "%v.%u";                // uidl_format.h
  bool pop3_exclusive = false;                    // one POP3 session of a mailbox at a time
  Span pop3_login_delay;                          // between two POP3 logins of an account; 0: none
  std::string pop3_language = "en";               // en | zh: what LANG * asks for
  std::vector<Span> retry;                        // waits between attempts; the last repeats
  Span warn_after = hours(4);
  Span give_up_after = days(5);
  std::string report_language = "sender";         // sender | en | zh | both
  bool srs = true;                                // forwarded mail gets a reverse path of ours
  uint64_t concurrency = 20;                      // per destination
  std::string smarthost;                          // host:port; empty: MX
  std::string smarthost_user, smarthost_password_file;
  std::string smarthost_tls = "opportunistic";    // opportunistic | required | implicit | never
  std::vector<std::string> dns_servers;           // host@port; empty: /etc/resolv.conf
  std::string dns_dnssec = "auto";                // auto | on | off
  std::string dns_trust_anchor;                   // file; empty: Debian's
  std::string relay_ca_file;                      // PEM; empty: the system's authorities
  uint64_t sts_port = 443;
  std::vector<std::string> address_failures;      // RE2
  bool tls_report = true;
  Span tls_report_every = days(1);
  bool search_index = true;                       // indexd keeps an index for SEARCH
  bool search_documents = true;                   // and in it what stands in attached PDF and office documents
  Span search_every = minutes(5);                 // how often it looks for new mail
  std::vector<std::string> metrics_listen;        // of metricsd; empty: it is not started
  uint64_t smtp_port_out = 25;                    // for tests on high ports
  uint64_t undelete_days = 14;                    // what is expunged or deleted can be brought back so long
  uint64_t trash_days = 0, junk_days = 0;         // mail there is expunged after so long; 0: never
  std::vector<std::string> expire;                // each: a folder's name and a time
  Span keep_every = days(1);                      // keeperd comes to each account so often
  // The store keeps it as long as the queue may deliver a message again, to know that it was here.
  Span keep_expunged() const { return std::max(days(static_cast<int64_t>(undelete_days)), give_up_after + days(1)); }
  uint64_t default_message_quota = 0;             // the same in messages
  std::vector<uint64_t> quota_warn{80, 95};       // percent of a quota at which the user is told
  std::string default_quota = "0";                // of new accounts; 0: none

  static Result<Config> load(const Paths& paths);
  // For programs that work without one too: where there is no file, the defaults.
  static Result<Config> load_or_defaults(const Paths& paths);
  static Result<Config> parse(std::string_view toml, const std::string& file_name);
  Json to_json() const;     // every setting with its value
  std::string to_toml() const;  // the whole file with the comments, values as they are
};

// Numeric ids of a system user; when it does not exist: an error that names `make install`.
struct UserIds { uint32_t uid, gid; };
Result<UserIds> user_ids(const std::string& name);

}  // namespace jd
