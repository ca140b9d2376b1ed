// SPDX-License-Identifier: MIT
#include "lib/mime/downgrade.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/mime/address.h"
#include "lib/mime/charset.h"
#include "lib/mime/content_type.h"
#include "lib/mime/encoded_word.h"
#include "lib/mime/header.h"
#include "lib/mime/idna.h"
#include "lib/mime/writer.h"

namespace jd::mime {
namespace {

enum class Form : uint8_t { text, addresses, type, disposition, sealed };
struct Kind {
  std::string_view name;
  Form form;
};
// Every other field is text.
constexpr Kind kinds[] = {
    {"From", Form::addresses}, {"Sender", Form::addresses}, {"Reply-To", Form::addresses}, {"To", Form::addresses},
    {"Cc", Form::addresses}, {"Bcc", Form::addresses}, {"Resent-From", Form::addresses}, {"Resent-Sender", Form::addresses},
    {"Resent-Reply-To", Form::addresses}, {"Resent-To", Form::addresses}, {"Resent-Cc", Form::addresses}, {"Resent-Bcc", Form::addresses},
    {"Disposition-Notification-To", Form::addresses}, {"Content-Type", Form::type}, {"Content-Disposition", Form::disposition},
    {"Message-ID", Form::sealed}, {"Resent-Message-ID", Form::sealed}, {"In-Reply-To", Form::sealed}, {"References", Form::sealed},
    {"Content-ID", Form::sealed}, {"Received", Form::sealed}, {"Return-Path", Form::sealed}, {"Delivered-To", Form::sealed},
    {"Date", Form::sealed}, {"Resent-Date", Form::sealed}, {"MIME-Version", Form::sealed}, {"Content-Transfer-Encoding", Form::sealed},
    {"DKIM-Signature", Form::sealed}, {"Authentication-Results", Form::sealed},
};

Form form_of(std::string_view name) {
  for (auto& k : kinds)
    if (iequals(k.name, name)) return k.form;
  return Form::text;
}

bool is_sealed(const Part& p) { return p.is_multipart() && (p.subtype == "signed" || p.subtype == "encrypted"); }

std::string with_marks(std::string_view bytes) {
  std::string r(bytes);
  for (char& c : r)
    if (is_8bit(c)) c = '?';
  return r;
}

// An address in ASCII, or the empty group that tells what it was.
std::string mailbox(const Address& a) {
  std::string name = decode_words(a.name);
  auto domain = is_ascii(a.domain) ? a.domain : to_ascii_domain(a.domain);
  if (a.is_complete() && is_ascii(a.local) && domain) return format_mailbox(name, a.local, *domain);
  std::string text = address_spec(a);
  if (!name.empty()) text = text.empty() ? name : name + " <" + text + ">";
  return encode_phrase(text) + " :;";
}

// Empty: no addresses are in there.
std::vector<std::string> mailboxes(std::string_view value) {
  std::vector<std::string> out;
  std::string group;  // with what is in it so far
  bool is_in_group = false, is_first = false;
  for (auto& a : parse_addresses(value)) {
    if (a.kind == Address::Kind::group_begin) {
      std::string name = decode_words(a.name);
      group = (name.empty() ? "\"\"" : encode_phrase(name)) + ":";
      is_in_group = is_first = true;
    } else if (a.kind == Address::Kind::group_end) {
      out.push_back(std::exchange(group, {}) + ";");
      is_in_group = false;
    } else if (!is_in_group) {
      out.push_back(mailbox(a));
    } else if (std::string m = mailbox(a); m.ends_with(":;")) {
      out.push_back(m);  // groups do not nest
    } else {
      group += (is_first ? " " : ", ") + m;
      is_first = false;
    }
  }
  return out;
}

std::string with_parameters(std::string value, const Parameters& all) {
  std::vector<std::string> done;
  for (auto& [name, raw] : all) {
    std::string plain = name.ends_with('*') ? name.substr(0, name.size() - 1) : name;
    if (!is_ascii(plain) || std::find(done.begin(), done.end(), plain) != done.end()) continue;
    done.push_back(plain);
    bool has_charset = std::any_of(all.begin(), all.end(), [&](auto& p) { return p.first == plain + "*"; });
    value += "; " + format_parameter(plain, is_ascii(raw) && !has_charset ? raw : parameter_text(all, plain));
  }
  return value;
}

void put_field(std::string& out, const Field& f) {
  if (is_ascii(f.whole)) {
    out += f.whole;
    return;
  }
  if (f.name.empty() || !is_ascii(f.name)) {
    out += with_marks(f.whole);
    return;
  }
  std::string value = is_utf8(f.value) ? std::string(f.value) : guess_to_utf8(f.value);
  Headers h;
  switch (form_of(f.name)) {
    case Form::text: h.add_text(f.name, decode_words(value)); break;
    case Form::sealed: h.add_text(fmt::format("Downgraded-{}", f.name), decode_words(value)); break;
    case Form::addresses:
      if (auto all = mailboxes(value); !all.empty()) h.add_list(f.name, all);
      else h.add_text(fmt::format("Downgraded-{}", f.name), decode_words(value));
      break;
    case Form::type: {
      auto t = parse_content_type(value);
      h.add(f.name, with_parameters(with_marks(t.type.empty() ? "text/plain" : t.type + "/" + t.subtype), t.parameters));
      break;
    }
    case Form::disposition: {
      auto d = parse_disposition(value);
      h.add(f.name, with_parameters(with_marks(d.type.empty() ? "attachment" : d.type), d.parameters));
      break;
    }
  }
  out += is_ascii(h.text()) ? h.text() : with_marks(h.text());
}

class Downgrader {
 public:
  explicit Downgrader(std::string_view message) : m_(message) {}
  bool is_needed(const Part& p) const {
    if (!is_ascii(header(p))) return true;
    if (!p.is_multipart() || is_sealed(p)) return false;
    return std::any_of(p.children.begin(), p.children.end(), [&](auto& c) { return is_needed(c); });
  }
  void write(const Part& p) {
    std::string_view head = header(p);
    FieldReader r(head);
    std::size_t at = 0;
    if (!is_ascii(head))
      for (Field f; r.next(f); at = static_cast<std::size_t>(f.whole.data() + f.whole.size() - head.data())) put_field(out, f);
    out += head.substr(at);  // all of it, or the empty line
    uint64_t done = p.body_begin;
    if (p.is_multipart() && !is_sealed(p)) {
      for (auto& c : p.children) {
        out += m_.substr(done, c.header_begin - done);
        write(c);
        done = c.end;
      }
    }
    out += m_.substr(done, p.end - done);
  }
  std::string out;

 private:
  std::string_view header(const Part& p) const { return m_.substr(p.header_begin, p.body_begin - p.header_begin); }
  std::string_view m_;
};
}  // namespace

bool needs_downgrade(std::string_view message, const Part& root) { return Downgrader(message).is_needed(root); }

std::string downgrade(std::string_view message, const Part& root) {
  Downgrader d(message);
  d.out.reserve(message.size() + 512);
  d.write(root);
  return std::move(d.out);
}

}  // namespace jd::mime
