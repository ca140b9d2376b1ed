// SPDX-License-Identifier: MIT
#include "lib/smtp/data.h"

#include <algorithm>
#include <cstring>

#include "lib/base/text.h"

namespace jd::smtp {

void DataReader::put(std::string_view s) {
  size_ += s.size();
  if (size_ > limit_) {
    std::string().swap(message_);  // read on to the end, keep nothing
    return;
  }
  message_.append(s);
}

void DataReader::drop() {
  limit_ = 0;
  std::string().swap(message_);
}

LineFaults line_faults(std::string_view message) {
  LineFaults r;
  std::size_t begin = 0, next_cr = message.find('\r');
  for (std::size_t lf; begin < message.size(); begin = lf + 1) {
    lf = std::min(message.find('\n', begin), message.size());
    // The CR found must be the one right before this LF.
    bool has_cr = next_cr < lf;
    r.bare = r.bare || (has_cr && next_cr + 1 != lf) || (lf < message.size() ? !has_cr : has_cr);
    r.too_long = r.too_long || lf - begin - has_cr > DataReader::max_line;
    if (has_cr) next_cr = std::min(message.find('\r', lf), message.size());
  }
  return r;
}

bool DataReader::has_8bit() const { return !is_ascii(message_); }

std::size_t DataReader::feed(std::string_view in) {
  std::size_t i = 0, run = 0;  // in[run..i) belongs to the message as it is, and is put in one piece
  const char *next_cr = nullptr, *next_lf = nullptr;
  auto put_run = [&](std::size_t skip = 0) {
    put(in.substr(run, i - run));
    run = i += skip;
  };
  while (i < in.size() && state_ != State::done) {
    char c = in[i];
    switch (state_) {
      case State::line_start:
        line_ = 0;
        if (c == '.') {
          put_run(1);
          state_ = State::dot;
          break;
        }
        state_ = State::in_line;
        break;
      case State::in_line: {
        // Each is searched for again only behind the one found last, or a flood of one of them would
        // cost its square.
        const char* from = in.data() + i;
        const char* end = in.data() + in.size();
        auto seek = [&](const char*& at, char what) {
          if (at && at >= from) return;
          auto* found = static_cast<const char*>(memchr(from, what, static_cast<std::size_t>(end - from)));
          at = found ? found : end;
        };
        seek(next_cr, '\r');
        seek(next_lf, '\n');
        const char* stop = std::min(next_cr, next_lf);
        auto n = static_cast<std::size_t>(stop - from);
        line_ += n;
        long_line_ = long_line_ || line_ > max_line;
        i += n;
        if (i == in.size()) break;
        if (stop + 1 == next_lf && next_lf != end) {
          i += 2;
          state_ = State::line_start;
        } else if (stop == next_cr) {
          put_run(1);
          state_ = State::cr;
        } else {
          bare_ = true;
          i++;
        }
        break;
      }
      case State::cr:
        if (c == '\n') {
          put("\r\n");
          state_ = State::line_start;
          run = ++i;
        } else {
          bare_ = true;
          put("\r");
          state_ = State::in_line;  // c is looked at again there
        }
        break;
      case State::dot:
        if (c == '\r') {
          state_ = State::dot_cr;
          run = ++i;
        } else {
          state_ = State::in_line;  // the leading dot is taken off (§4.5.2)
        }
        break;
      case State::dot_cr:
        if (c == '\n') {
          state_ = State::done;
          run = ++i;
        } else {
          bare_ = true;
          put("\r");
          state_ = State::in_line;
        }
        break;
      case State::done: break;
    }
  }
  put_run();
  return i;
}

}  // namespace jd::smtp
