// SPDX-License-Identifier: MIT
// etpan_client PORT OTHER: what a mail reader with libetpan does when it opens an account, reads, files and deletes: over
// TLS; CAPABILITY, ID, NAMESPACE, LIST, ENABLE QRESYNC, SELECT with CONDSTORE, flags and headers of all, VANISHED, IDLE, STORE,
// COPY to Trash, EXPUNGE, APPEND.  OTHER is a command that changes INBOX meanwhile.  Prints what it then believes:
// `folder NAME` and `message NAME UID FLAGS HEX`.
#include <libetpan/libetpan.h>
#include <libetpan/namespace.h>
#include <libetpan/qresync.h>
#include <poll.h>
#include <stdlib.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

static mailimap *session;

static void must(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "%s: %s\n", what, session && session->imap_response ? session->imap_response : "");
  exit(1);
}
static void ok(int r, const char *what) { must(r == MAILIMAP_NO_ERROR, what); }

template <class T, class F>
static void each(clist *list, F f) {
  if (list)
    for (clistiter *i = clist_begin(list); i; i = clist_next(i)) f((T *)clist_content(i));
}

struct Message {
  std::string flags, text;
  uint32_t uid = 0, size = 0;
};

static Message message(mailimap_msg_att *a) {
  Message m;
  each<mailimap_msg_att_item>(a->att_list, [&](auto *item) {
    if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC) {
      static const char *const system_flags[] = {"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"};
      each<mailimap_flag_fetch>(item->att_data.att_dyn->att_list, [&](auto *f) {
        if (f->fl_type != MAILIMAP_FLAG_FETCH_OTHER) return;
        if (!m.flags.empty()) m.flags += ',';
        m.flags += f->fl_flag->fl_type <= MAILIMAP_FLAG_DRAFT ? system_flags[f->fl_flag->fl_type - MAILIMAP_FLAG_ANSWERED] : f->fl_flag->fl_data.fl_keyword;
      });
    } else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC) {
      auto *s = item->att_data.att_static;
      if (s->att_type == MAILIMAP_MSG_ATT_UID) m.uid = s->att_data.att_uid;
      if (s->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE) m.size = s->att_data.att_rfc822_size;
      if (s->att_type == MAILIMAP_MSG_ATT_BODY_SECTION) m.text.assign(s->att_data.att_body_section->sec_body_part, s->att_data.att_body_section->sec_length);
    }
  });
  return m;
}

static std::map<uint32_t, Message> fetch(mailimap_set *set, std::vector<mailimap_fetch_att *> what) {
  auto *type = mailimap_fetch_type_new_fetch_att_list_empty();
  for (auto *w : what) mailimap_fetch_type_new_fetch_att_list_add(type, w);
  clist *result;
  ok(mailimap_uid_fetch(session, set, type, &result), "UID FETCH");
  std::map<uint32_t, Message> all;
  each<mailimap_msg_att>(result, [&](auto *a) {
    Message m = message(a);
    all[m.uid] = m;
  });
  mailimap_fetch_list_free(result);
  return all;
}
static std::map<uint32_t, Message> fetch_all(std::vector<mailimap_fetch_att *> what) { return fetch(mailimap_set_new_interval(1, 0), what); }

static void store(uint32_t uid, mailimap_flag *flag) {
  auto *list = mailimap_flag_list_new_empty();
  mailimap_flag_list_add(list, flag);
  ok(mailimap_uid_store(session, mailimap_set_new_single(uid), mailimap_store_att_flags_new_add_flags(list)), "UID STORE");
}

static mailimap_section *headers() {
  clist *names = clist_new();
  for (const char *n : {"From", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID", "Priority", "X-Priority", "References", "Newsgroups", "In-Reply-To", "Content-Type", "Reply-To"})
    clist_append(names, strdup(n));
  return mailimap_section_new_header_fields(mailimap_header_list_new(names));
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  session = mailimap_new(0, nullptr);
  int r = mailimap_ssl_connect(session, "127.0.0.1", (uint16_t)atoi(argv[1]));
  must(r == MAILIMAP_NO_ERROR_NON_AUTHENTICATED, "the greeting");
  ok(mailimap_login(session, "dan@example.test", "pw"), "LOGIN");
  mailimap_capability_data *capabilities;
  ok(mailimap_capability(session, &capabilities), "CAPABILITY");
  for (int has : {mailimap_has_idle(session), mailimap_has_uidplus(session), mailimap_has_condstore(session), mailimap_has_qresync(session), mailimap_has_enable(session)})
    must(has, "a capability");
  char *name = nullptr, *version = nullptr;
  ok(mailimap_id_basic(session, "etpan", "1", &name, &version), "ID");
  must(name && *name, "the server's name");
  mailimap_namespace_data *spaces;
  ok(mailimap_namespace(session, &spaces), "NAMESPACE");
  must(spaces->ns_personal != nullptr, "a personal namespace");
  clist *boxes;
  std::vector<std::string> names;
  std::string trash, sent, drafts;
  ok(mailimap_list(session, "", "*", &boxes), "LIST");
  each<mailimap_mailbox_list>(boxes, [&](auto *b) {
    names.push_back(b->mb_name);
    each<mailimap_mbx_list_oflag>(b->mb_flag->mbf_oflags, [&](auto *f) {
      std::string flag = f->of_flag_ext ? f->of_flag_ext : "";
      for (auto [wanted, into] : {std::pair{"Trash", &trash}, {"Sent", &sent}, {"Drafts", &drafts}})
        if (flag.find(wanted) != flag.npos) *into = b->mb_name;
    });
  });
  must(!trash.empty() && !sent.empty() && !drafts.empty(), "special use");
  clist *wanted = clist_new();
  clist_append(wanted, mailimap_capability_new(MAILIMAP_CAPABILITY_NAME, nullptr, strdup("QRESYNC")));
  mailimap_capability_data *enabled;
  ok(mailimap_enable(session, mailimap_capability_data_new(wanted), &enabled), "ENABLE");

  uint64_t seq = 0;
  ok(mailimap_select_condstore(session, "INBOX", &seq), "SELECT");
  must(seq > 0 && session->imap_selection_info->sel_exists == 6, "what SELECT says");
  uint32_t validity = session->imap_selection_info->sel_uidvalidity;
  auto flags = fetch_all({mailimap_fetch_att_new_uid(), mailimap_fetch_att_new_flags()});
  auto heads = fetch_all({mailimap_fetch_att_new_uid(), mailimap_fetch_att_new_rfc822_size(), mailimap_fetch_att_new_flags(), mailimap_fetch_att_new_body_peek_section(headers())});
  must(flags.size() == 6 && heads.size() == 6, "six messages");
  for (auto &[uid, m] : heads) must(m.text.find("Subject: =?utf-8?B?") != m.text.npos && m.size > 200 && m.flags == flags[uid].flags, "a header");
  auto structures = fetch_all({mailimap_fetch_att_new_uid(), mailimap_fetch_att_new_envelope(), mailimap_fetch_att_new_bodystructure(), mailimap_fetch_att_new_internaldate()});
  must(structures.size() == 6, "structures");

  store(1, mailimap_flag_new_seen());
  store(2, mailimap_flag_new_flagged());
  store(2, mailimap_flag_new_flag_keyword(strdup("$label1")));
  uint32_t v;
  mailimap_set *from, *to;
  ok(mailimap_uidplus_uid_copy(session, mailimap_set_new_single(3), trash.c_str(), &v, &from, &to), "UID COPY");
  must(to != nullptr, "COPYUID");
  store(3, mailimap_flag_new_deleted());
  ok(mailimap_expunge(session), "EXPUNGE");
  std::string text = "From: ann@example.test\r\nSubject: sent\r\n\r\n" + std::string(50000, 'x') + "\r\n";
  for (auto *box : {&sent, &drafts}) {
    auto *list = mailimap_flag_list_new_empty();
    mailimap_flag_list_add(list, box == &sent ? mailimap_flag_new_seen() : mailimap_flag_new_draft());
    uint32_t uid = 0;
    ok(mailimap_uidplus_append(session, box->c_str(), list, nullptr, text.data(), text.size(), &v, &uid), "APPEND");
    must(uid > 0, "APPENDUID");
  }

  ok(mailimap_idle(session), "IDLE");
  must(system(argv[2]) == 0, "the others");
  pollfd p{mailimap_idle_get_fd(session), POLLIN, 0};
  must(poll(&p, 1, 60000) == 1, "news in IDLE");
  ok(mailimap_idle_done(session), "DONE");
  ok(mailimap_noop(session), "NOOP");

  // What changed since it was here first: it was in another folder meanwhile.
  ok(mailimap_select(session, trash.c_str()), "SELECT");
  clist *changed = nullptr;
  mailimap_qresync_vanished *vanished = nullptr;
  uint64_t now = 0;
  ok(mailimap_select_condstore(session, "INBOX", &now), "SELECT again");  // its own SELECT with QRESYNC lacks the brackets of RFC 7162 §7
  must(now > seq && session->imap_selection_info->sel_uidvalidity == validity, "HIGHESTMODSEQ");
  auto *type = mailimap_fetch_type_new_fetch_att_list_empty();
  for (auto *w : {mailimap_fetch_att_new_uid(), mailimap_fetch_att_new_flags()}) mailimap_fetch_type_new_fetch_att_list_add(type, w);
  ok(mailimap_uid_fetch_qresync(session, mailimap_set_new_interval(1, 0), type, seq, &changed, &vanished), "UID FETCH with VANISHED");
  must(vanished != nullptr, "VANISHED");
  each<mailimap_set_item>(vanished->qr_known_uids->set_list, [&](auto *i) {
    for (uint32_t u = i->set_first; u <= i->set_last; u++) flags.erase(u);
  });
  each<mailimap_msg_att>(changed, [&](auto *a) {
    Message m = message(a);
    flags[m.uid] = m;
  });
  for (auto &box : names) {
    printf("folder %s\n", box.c_str());
    ok(mailimap_select(session, box.c_str()), "SELECT");
    std::map<uint32_t, Message> all;
    if (session->imap_selection_info->sel_exists)
      all = fetch_all({mailimap_fetch_att_new_uid(), mailimap_fetch_att_new_flags(), mailimap_fetch_att_new_body_peek_section(mailimap_section_new(nullptr))});
    if (box == "INBOX") {
      must(all.size() == flags.size(), "as many as it believes");
      for (auto &[uid, m] : all) m.flags = flags.at(uid).flags;  // what it believes
    }
    for (auto &[uid, m] : all) {
      printf("message %s %u %s ", box.c_str(), uid, m.flags.empty() ? "-" : m.flags.c_str());
      for (unsigned char c : m.text) printf("%02x", c);
      printf("\n");
    }
  }
  must(mailimap_logout(session) == MAILIMAP_NO_ERROR, "LOGOUT");
  return 0;
}
