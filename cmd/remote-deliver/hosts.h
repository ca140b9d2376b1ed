// SPDX-License-Identifier: MIT
// hosts.h: which hosts take the mail for a destination, in the order in which to try them.
//
// of_domain(): the MX hosts, the best first, those of equal preference in random order, with all
// their addresses; the domain itself where it has no MX (RFC 5321 §5.1).  A literal, [192.0.2.1] or
// [IPv6:2001:db8::1], is its own host.  of_host(): one name or address, for a smarthost.
// Where one of the hosts is ourselves (our name, or an address and port that we listen on), it and
// those that are no better are left out; when none is left, mail would go in circles: 5.4.6.
//
// With `dane` the TLSA records of hosts whose names and addresses are validated by DNSSEC are asked for
// beside the addresses (RFC 7672 §2.2); of a name that CNAMEs lead on from, those of the last name first.
// Where they lead out of what DNSSEC vouches for, the records of the first name count when its CNAME is
// validated, and nothing else does.
//
//   no mail taken (null MX)  perm 5.1.10    no such domain, or its hosts have no address  perm 5.1.2
//   the DNS does not answer  temp 4.4.3     only ourselves                                perm 5.4.6
// All addresses are asked for at once; at most max_hosts MX hosts, max_addresses addresses.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/dns/resolver.h"
#include "lib/net/address.h"
#include "lib/queue/agent.h"
#include "lib/smtp/tls_policy.h"

namespace jd {

struct Host {
  std::string name;
  net::Address address;
  uint16_t preference = 0;
  smtp::Dane dane = smtp::Dane::none;
  std::string tlsa_base;                                         // whose records they are
  std::shared_ptr<const std::vector<std::string>> tlsa = nullptr;  // of usable; in wire form
  smtp::TlsPlan plan = {};                                       // Delivery's
};

// hosts is empty: fate, code and text say why.
struct HostsAnswer {
  std::vector<Host> hosts;
  queue::Fate fate = queue::Fate::temp;
  std::string code, text;
  bool is_secure = false;  // DNSSEC vouches for the names of the hosts
};

// What we listen on for mail from others.
class OwnAddresses {
 public:
  OwnAddresses() = default;
  // Reads the interfaces when `listen` ("0.0.0.0:25") means all of them.  Errors: usage, temp.
  static Result<OwnAddresses> of(const std::string& hostname, const std::vector<std::string>& listen);
  bool is_us(const net::Address& a) const;
  bool is_us(std::string_view host_name) const;

 private:
  std::string hostname_;
  std::vector<net::Address> all_;
  std::vector<std::pair<int, uint16_t>> any_;  // family and port: all of loopback, too
};

class HostFinder {
 public:
  static constexpr std::size_t max_hosts = 12, max_addresses = 24;
  HostFinder(dns::Resolver& resolver, const OwnAddresses& own) : resolver_(resolver), own_(own) {}
  ~HostFinder();  // done is not called any more
  // Once; done is called once, never inside.
  void of_domain(const std::string& domain, uint16_t port, bool dane, std::function<void(HostsAnswer)> done);
  void of_host(const std::string& name, uint16_t port, bool dane, std::function<void(HostsAnswer)> done);

 private:
  struct Asked {
    dns::AddressAnswer addresses;
    dns::Answer tlsa, canonical_tlsa, cname;  // failed when not asked
    bool asked_tlsa = false, asked_canonical = false, asked_cname = false;
    std::size_t tlsa_question = 0;
  };
  void ask_addresses(std::vector<dns::MxHost> hosts);
  void addresses_are(std::size_t i, dns::AddressAnswer a);
  void ask_cname(std::size_t i);
  void drop_tlsa(Asked& x);
  std::size_t ask_tlsa(std::size_t i, const std::string& name, bool is_canonical);
  void one_answered();
  void fill_dane(const Asked& a, Host& h) const;
  void collect();
  void answer(queue::Fate fate, std::string code, std::string text);

  dns::Resolver& resolver_;
  const OwnAddresses& own_;
  std::function<void(HostsAnswer)> done_;
  std::string domain_;
  bool may_be_us_ = false, dane_ = false, is_secure_ = false;
  uint16_t port_ = 25;
  std::vector<dns::MxHost> hosts_;
  std::vector<Asked> asked_;
  std::vector<uint64_t> questions_;  // 0: answered
  std::size_t open_ = 0;
};

// "mail.example.org:587", "mail.example.org", "[::1]:25", "::1", "192.0.2.1:25"
struct HostPort { std::string host; uint16_t port; };
HostPort split_host_port(std::string_view text, uint16_t port);

}  // namespace jd
