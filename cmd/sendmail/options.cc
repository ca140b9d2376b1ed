// SPDX-License-Identifier: MIT
#include "cmd/sendmail/options.h"

#include <getopt.h>
#include <stdlib.h>

#include "lib/base/text.h"
#include "lib/queue/envelope.h"

namespace jd::sendmail {
namespace {

// A letter with ':' takes an argument, in the same word or the next one; "::" only in the same word.
constexpr const char* letters = ":A:B:C:D:F:GIL:N:O:Q:R:T:UV:X:b:cd::e:f:h:imno:p:q::r:stvx";
enum { prefix_option = 1000, help_option, version_option };
const option long_options[] = {{"prefix", required_argument, nullptr, prefix_option},
                               {"help", no_argument, nullptr, help_option},
                               {"version", no_argument, nullptr, version_option},
                               {nullptr, 0, nullptr, 0}};

std::string base_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

Status take_mode(Options& o, std::string_view how) {
  switch (how.empty() ? '?' : how[0]) {
    case 'm': case 'a': o.mode = Mode::message; return {};
    case 's': o.mode = Mode::smtp; return {};
    case 'p': o.mode = Mode::list_queue; return {};
    case 'i': o.mode = Mode::nothing; return {};
    case 'd': case 'D': case 'l': case 'h': case 'H':
      return fail(Fault::usage, "-b{}: jdmail's daemons are started by `jdctl start`", escape(how));
    case 'v': return fail(Fault::usage, "-bv: addresses are not verified; send a message with -N success instead");
    default: return fail(Fault::usage, "-b{} is unknown; -bm, -bs, -bp and -bi are there", escape(how));
  }
}

// -o: a letter, perhaps with a value; -O: name=value.  Only the dots matter here.
void take_setting(Options& o, std::string_view s) {
  if (s == "i" || istarts_with(s, "IgnoreDots=t") || iequals(s, "IgnoreDots")) o.ignore_dots = true;
  if (s == "t") o.from_header = true;
  if (s == "v") o.verbose = true;
}

Status take_dsn(Options& o, int letter, std::string_view value) {
  if (letter == 'N') {
    if (auto n = queue::parse_notify(value); !n) return fail(Fault::usage, "-N: {}", n.error().what);
    o.notify = lower(value);
  } else if (letter == 'R') {
    if (!iequals(value, "full") && !iequals(value, "hdrs")) return fail(Fault::usage, "-R is full or hdrs");
    o.ret = lower(value);
  } else {
    // RFC 3461 §4.4: at most 100 characters of printable ASCII
    for (char c : value)
      if (is_ctl(c) || is_8bit(c)) return fail(Fault::usage, "-V: an envelope id is printable ASCII");
    if (value.size() > 100) return fail(Fault::usage, "-V: an envelope id has at most 100 characters");
    o.envid = value;
  }
  return {};
}

Status take(Options& o, int letter, std::string_view value) {
  switch (letter) {
    case 't': o.from_header = true; break;
    case 'i': o.ignore_dots = true; break;
    case 'v': o.verbose = true; break;
    case 'I': o.mode = Mode::nothing; break;
    case 'F': o.full_name = value; break;
    case 'f': case 'r':
      o.has_sender = true;
      o.sender = value;
      break;
    case 'B': o.is_7bit = iequals(value, "7bit"); break;
    case 'b': return take_mode(o, value);
    case 'o': case 'O': take_setting(o, value); break;
    case 'N': case 'R': case 'V': return take_dsn(o, letter, value);
    case 'X':
      if (value.starts_with("V")) o.verp = true;
      break;
    case 'q':  // with a time it is a daemon's; alone, or for some, the queue is to be tried now
      if (value.empty() || !is_digit(value[0])) o.mode = Mode::flush;
      break;
    case prefix_option: o.prefix = value; break;
    case help_option: o.help = true; break;
    case version_option: o.version = true; break;
    default: break;  // of other mail systems
  }
  return {};
}
}  // namespace

Result<Options> parse(int argc, char** argv) {
  Options o;
  if (const char* p = ::getenv("JDMAIL_PREFIX"); p && *p) o.prefix = p;
  std::string name = argc > 0 ? base_name(argv[0]) : "sendmail";
  if (name == "mailq") o.mode = Mode::list_queue;
  if (name == "newaliases") o.mode = Mode::nothing;
  optind = 0;  // anew, for tests
  opterr = 0;
  for (int c; (c = ::getopt_long(argc, argv, letters, long_options, nullptr)) != -1;) {
    std::string word = optind > 0 && optind <= argc ? argv[optind - 1] : "";
    if (c == '?') return fail(Fault::usage, "option {} is unknown; see sendmail(8)", optopt && optopt < 256 ? fmt::format("-{}", static_cast<char>(optopt)) : escape(word));
    if (c == ':') return fail(Fault::usage, "option -{} needs an argument", static_cast<char>(optopt));
    CHECK(take(o, c, optarg ? optarg : ""));
  }
  for (int i = optind; i < argc; i++) o.recipients.emplace_back(argv[i]);
  return o;
}

std::string help_text() {
  return R"(sendmail: hand a message to jdmail, as programs expect it; see sendmail(8)
Usage: sendmail [options] [recipient ...] <message        mailq        newaliases

Options:
  -t                  recipients are in To, Cc and Bcc
  -i, -oi             a line with a dot alone is text
  -f, -r address      the envelope's sender; <> is the null sender
  -F name             the sender's name, for From
  -N, -R, -V          delivery reports: success,failure,delay or never; full or hdrs; an id
  -XV                 each recipient gets a reverse path of its own (VERP)
  -B 7BIT             the body is 7-bit
  -bm, -bs, -bp       take a message; speak SMTP on standard input; list the queue
  -q                  try the queue now
  -v                  tell the queue id
  --prefix TEXT       instance directory; / is the installed system
  --help              this text
  --version           the version
)";
}

}  // namespace jd::sendmail
