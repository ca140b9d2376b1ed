// SPDX-License-Identifier: MIT
// fill_queue QUEUE COUNT BYTES HOURS: puts COUNT deferred messages of about BYTES into an instance's queue/ while
// it is stopped, for 1000 destinations, due from one hour from now on over HOURS hours.  For measuring.
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/queue/file_store.h"

using namespace jd;

static Status fill(const char* path, long count, std::size_t bytes, long hours_wanted) {
  TRY(auto store, queue::FileStore::open(path));
  std::string text = "From: <a@bench.test>\r\nSubject: deferred\r\n\r\n" + std::string(bytes, 'x') + "\r\n";
  queue::Envelope e;
  e.reverse_path = "user0@bench.test";
  e.recipients.resize(1);
  e.size = text.size();
  e.received = now();
  queue::Progress p;
  p.attempts = 3;
  p.status = {queue::RcptStatus::queued};
  p.errors = {{"4.4.1", "mx.away.test", "connection timed out"}};
  for (long i = 0; i < count; i++) {
    e.recipients[0].address = fmt::format("user{}@away{}.test", i, i % 1000);
    // In the order of their slots, so that the directories are filled one after the other.
    Time due = now() + jd::hours(1) + Span{jd::hours(hours_wanted).ns / count * i};
    TRY(auto name, store.add_deferred(unique_id(), e, {{text}}, p, due));
    (void)name;
  }
  return store.sync_all();
}

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "fill_queue QUEUE COUNT BYTES HOURS\n");
    return 100;
  }
  auto r = fill(argv[1], atol(argv[2]), static_cast<std::size_t>(atol(argv[3])), atol(argv[4]));
  if (!r) fprintf(stderr, "fill_queue: %s\n", r.error().what.c_str());
  return r ? 0 : 111;
}
