// SPDX-License-Identifier: MIT
// orders.h: an operator's order carried out to its end, for tests.
#pragma once
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/queue/operation.h"

namespace jd::test {

struct Carried {
  queue::Operation::Tally tally;
  std::vector<queue::QueueItem> items;
  std::optional<queue::Runner::Details> details;
  unsigned pages = 0;
};

inline Carried carry_out(queue::Runner& runner, queue::Order order) {
  Carried r;
  auto op = queue::Operation::begin(runner, std::move(order));
  EXPECT_TRUE(op) << op.error().what;
  while (op && !(*op)->is_over()) {
    auto s = (*op)->step(seconds(1));
    EXPECT_TRUE(s) << s.error().what;
    if (!s) break;
    for (auto& i : (*op)->take_items()) r.items.push_back(std::move(i));
    r.pages++;
  }
  r.tally = (*op)->tally();
  r.details = std::move((*op)->details);
  return r;
}

inline queue::Order order(queue::Order::Verb verb, queue::Selection select = {}, std::size_t limit = 1000) {
  queue::Order o;
  o.verb = verb;
  o.select = std::move(select);
  o.limit = limit;
  return o;
}
inline std::vector<queue::QueueItem> list_queue(queue::Runner& runner, const std::string& state = "") {
  queue::Selection s;
  s.state = state;
  return carry_out(runner, order(queue::Order::Verb::list, std::move(s))).items;
}

}  // namespace jd::test
