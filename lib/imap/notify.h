// SPDX-License-Identifier: MIT
// notify.h: what a client wants to hear at any time, of its selected mailbox and of others (RFC 5465, NOTIFY).
//
// Of each watched mailbox that is not selected we keep a few numbers, of all mailboxes the names; tell()
// compares them with what is there now and says what has changed.  What this client did itself it is
// not told: the commands say so by mine().  Nothing is polled: somebody calls tell() when a folder's log,
// the tree or the annotations have changed.
// Bounded: max_watched mailboxes; more is NO [NOTIFICATIONOVERFLOW], or the end of all notifications.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/imap/fetch_items.h"
#include "lib/imap/mailbox_filter.h"
#include "lib/imap/view.h"
#include "lib/store/account.h"

namespace jd::imap {

class Session;

enum NotifyEvent : uint8_t {
  message_new = 1, message_expunge = 2, flag_change = 4, mailbox_name = 8, subscription_change = 16,
  mailbox_metadata = 32, server_metadata = 64,
};
constexpr uint8_t message_events = message_new | message_expunge | flag_change;
constexpr std::size_t max_watched = 1000;

struct NotifyRequest {
  uint8_t selected = 0;  // events of the selected mailbox; none: it stays as the client knows it
  bool is_delayed = false;
  std::vector<FetchItem> items;  // of its new messages
  std::string items_text;        // as the client wrote them; "" with items: cannot be written in one line
  struct Group {
    MailboxFilter filter;
    uint8_t events = 0;
  };
  std::vector<Group> groups;
  uint8_t others() const;  // all events that some group asks for
};

class Notify {
 public:
  explicit Notify(NotifyRequest request) : request_(std::move(request)) {}
  const NotifyRequest& request() const { return request_; }
  // Something may be said without a command.
  bool is_listening() const { return request_.selected || request_.others(); }
  // What may be said of the selected mailbox.
  void limit(View::Say& say) const;
  // Takes the present state of the others as known; perm: too many.  with_status: and tells it.
  Status begin(Session& s, bool with_status);
  void tell(Session& s);
  // The client's own doing: arrivals; a name made, removed, renamed, subscribed; annotations; and the
  // mailbox that it has just left.
  void mine(uint32_t folder, const store::UidSet& uids);
  void mine(Session& s, std::string_view name);
  void mine(const store::AnnotationChanges& changes);
  void left(store::Folder& folder);

 private:
  struct Known {
    uint32_t uid_validity = 0, uid_next = 1, unseen = 0;
    uint64_t messages = 0, mod_seq = 1;
    store::UidSet own;  // arrivals, not yet counted
  };
  static Known known_of(const store::FolderState& st);
  using Hashes = std::map<std::pair<uint32_t, std::string>, std::size_t>;
  uint8_t events_of(std::string_view name, const std::set<std::string>& subscriptions) const;
  bool is_wanted(NotifyEvent e, std::string_view name, const std::set<std::string>& now) const;
  std::map<std::string, std::pair<uint32_t, uint8_t>> watched(Session& s) const;
  void tell_names(Session& s);
  void tell_subscriptions(Session& s, const std::set<std::string>& before);
  void tell_metadata(Session& s);
  void tell_folder(Session& s, uint32_t id, const std::string& name, uint8_t events);
  void overflow(Session& s);

  NotifyRequest request_;
  std::map<uint32_t, Known> known_;
  std::map<uint32_t, std::string> names_;
  std::set<std::string> subscriptions_;
  Hashes annotations_;
};

}  // namespace jd::imap
