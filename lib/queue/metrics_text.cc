// SPDX-License-Identifier: MIT
#include "lib/queue/metrics_text.h"

#include "lib/base/text.h"

namespace jd::queue {
namespace {

struct Row { std::string_view key, name, type, help; };
constexpr Row rows[] = {
    {"received", "jdmail_messages_received_total", "counter", "Messages taken on by the queue, those taken up again after a deferral too"},
    {"delivered", "jdmail_recipients_delivered_total", "counter", "Recipients delivered to"},
    {"deferred", "jdmail_recipients_deferred_total", "counter", "Attempts put off"},
    {"bounced", "jdmail_recipients_bounced_total", "counter", "Recipients that failed for good"},
    {"active", "jdmail_queue_active", "gauge", "Messages being delivered"},
    {"files_deferred", "jdmail_queue_deferred", "gauge", "Messages that are tried again later"},
    {"files_hold", "jdmail_queue_hold", "gauge", "Messages kept back"},
    {"files_new", "jdmail_queue_new", "gauge", "Files not yet looked at"},
    {"due", "jdmail_queue_due", "gauge", "Files due now or within minutes"},
    {"local", "jdmail_deliveries_local", "gauge", "Local deliveries under way"},
    {"remote", "jdmail_deliveries_remote", "gauge", "Transactions with other hosts under way"},
    {"waiting", "jdmail_deliveries_waiting", "gauge", "Deliveries that wait for their turn"},
    {"segments", "jdmail_journal_segments", "gauge", "Journal segments in use"},
    {"oldest_age", "jdmail_queue_oldest_seconds", "gauge", "Age of the oldest message"},
    {"destinations", "jdmail_destinations", "gauge", "Destinations with work, terms or trouble"},
    {"destinations_dead", "jdmail_destinations_dead", "gauge", "Destinations that do not answer"},
    {"destinations_frozen", "jdmail_destinations_frozen", "gauge", "Destinations that the operator has frozen"},
};

struct Labelled { std::string_view key, label, name, help; };  // the key's word, then <key>_count
constexpr Labelled labelled[] = {
    {"deferral_code", "code", "jdmail_deferrals_by_code", "Deferrals by enhanced status code, the most frequent"},
    {"deferral_to", "destination", "jdmail_deferrals_by_destination", "Deferrals by domain, the most frequent"},
    {"bounce_code", "code", "jdmail_bounces_by_code", "Bounces by enhanced status code, the most frequent"},
    {"bounce_to", "destination", "jdmail_bounces_by_destination", "Bounces by domain, the most frequent"},
};

std::string label(std::string_view v) {
  std::string r;
  for (char c : v) {
    if (c == '"' || c == '\\') r += '\\';
    r += is_ctl(c) || is_8bit(c) ? '?' : c;
  }
  return r;
}

void begin(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}
}  // namespace

std::string prometheus_text(const Pairs& stats) {
  std::string out;
  begin(out, "jdmail_up", "gauge", "qrun answers");
  out += "jdmail_up 1\n";
  for (auto& r : rows)
    if (auto n = find(stats, r.key); n && to_number(*n)) {
      begin(out, r.name, r.type, r.help);
      out += fmt::format("{} {}\n", r.name, *n);
    }
  bool has_histogram = false;
  std::string_view le;
  for (auto& [k, v] : stats) {
    if (k == "bucket_ms") le = v;
    if (k != "bucket_count" || !to_number(le) || !to_number(v)) continue;
    if (!has_histogram) begin(out, "jdmail_delivery_seconds", "histogram", "Time from acceptance to delivery");
    has_histogram = true;
    out += fmt::format("jdmail_delivery_seconds_bucket{{le=\"{:g}\"}} {}\n", double(*to_number(le)) / 1000, v);
  }
  if (has_histogram)
    out += fmt::format("jdmail_delivery_seconds_bucket{{le=\"+Inf\"}} {0}\njdmail_delivery_seconds_sum {1:g}\njdmail_delivery_seconds_count {0}\n",
                       get_number(stats, "latency_count"), double(get_number(stats, "latency_sum_ms")) / 1000);
  for (auto& l : labelled) {
    std::string_view word;
    bool any = false;
    for (auto& [k, v] : stats) {
      if (k == l.key) word = v;
      if (k != std::string(l.key) + "_count" || !to_number(v)) continue;
      if (!any) begin(out, l.name, "gauge", l.help);  // a rare word may lose its place: no counter
      any = true;
      out += fmt::format("{}{{{}=\"{}\"}} {}\n", l.name, l.label, label(word), v);
    }
  }
  return out;
}

}  // namespace jd::queue
