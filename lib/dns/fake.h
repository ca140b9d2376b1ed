// SPDX-License-Identifier: MIT
// fake.h: a DNS that is a literal, for tests.
//
//   FakeResolver dns(loop, {{"mx", "example.org", "10 a.example.org"}, {"a", "a.example.org", "192.0.2.1"},
//                           {"mx", "null.test", "0 ."}, {"fail", "broken.test", ""}});
// Types: a aaaa mx txt ptr (name: the address) tlsa (hex); "fail": every question for that name fails
// ("fail cname": that one), "silent": none is answered; "name": the name is there; "secure": the answers for that name and those below
// are validated; "cname": its canonical name.  A name without a row is no_domain.
#pragma once
#include <initializer_list>
#include <string>
#include <vector>

#include "lib/dns/resolver.h"

namespace jd::dns {

class FakeResolver : public Resolver {
 public:
  struct Row { std::string type, name, value; };
  FakeResolver(net::Loop& loop, std::initializer_list<Row> rows) : Resolver(loop), rows_(rows) {}
  void add(Row row) { rows_.push_back(std::move(row)); }
  std::vector<std::string> asked;      // "mx example.org", in the order of asking
  std::vector<uint64_t> abandoned;

 protected:
  void start(uint64_t question, const std::string& name, Type type) override;
  void abandon(uint64_t question) override { abandoned.push_back(question); }

 private:
  std::vector<Row> rows_;
};

}  // namespace jd::dns
