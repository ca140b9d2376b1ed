// SPDX-License-Identifier: MIT
// scripted_host.h: an SMTP host under the test's own Loop that does as it is told and counts.
//
//   ScriptedHost host(loop, "127.0.0.2", port);
//   host.on = [](const ScriptedHost::Said& s) { return s.verb == "MAIL" && s.mails == 2 ? "421 bye\r\n" : ""; };
// on: what to answer to a line; "" leaves it to the usual answer, "close" ends the connection without a
// word, an answer with "close" at its end says the rest before, "silent" says nothing.  "DOT" is the end of a message, "CONNECT" the greeting.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "lib/net/listener.h"
#include "lib/net/stream.h"

namespace jd::test {

class ScriptedHost {
 public:
  struct Said {
    std::string verb, line;
    int connection;  // 1, 2, ...
    int mails;       // of this connection, this one included
  };
  std::function<std::string(const Said&)> on = [](const Said&) { return std::string(); };
  std::string extensions = "PIPELINING";
  int connections = 0, quits = 0, resets = 0;
  std::vector<std::string> messages;  // those that were answered by 250
  std::vector<std::string> lines;     // "1 MAIL FROM:<...>"

  ScriptedHost(net::Loop& loop, const std::string& ip, uint16_t port) : loop_(loop) {
    auto at = net::Address::of(ip, port);
    MUST(at);
    auto fd = net::listen_on(*at);
    MUST(fd);
    port_ = net::Address::local_of(fd->get()).port();
    listener_ = std::make_unique<net::Listener>(loop, std::move(*fd), [this](Fd s, const net::Address&) {
      sessions_.push_back(std::make_unique<Session>(*this, std::move(s), ++connections));
    });
    MUST(listener_->start());
  }
  uint16_t port() const { return port_; }
  void end_all() { sessions_.clear(); }
  std::size_t open() const {
    std::size_t n = 0;
    for (auto& s : sessions_) n += s->stream.is_open();
    return n;
  }

 private:
  struct Session : net::StreamHandler {
    Session(ScriptedHost& h, Fd fd, int n) : host(h), stream(h.loop_, *this), number(n) {
      stream.open(std::move(fd));
      say("CONNECT", "", "220 host\r\n");
    }
    std::size_t on_data(std::string_view bytes) override {
      in += bytes;
      for (std::size_t end; !ended && (end = in.find("\r\n")) != in.npos;) {
        std::string line = in.substr(0, end);
        in.erase(0, end + 2);
        take(line);
      }
      return bytes.size();
    }
    void on_closed(const std::string&) override {}
    void take(const std::string& line) {
      if (in_data) {
        if (line != ".") return void(message += line + "\r\n");
        in_data = false;
        std::size_t before = host.messages.size();
        host.messages.push_back(std::exchange(message, {}));
        if (!say("DOT", line, "250 2.0.0 taken\r\n").starts_with("250")) host.messages.resize(before);
        return;
      }
      host.lines.push_back(fmt::format("{} {}", number, line));
      std::string verb = upper(line.substr(0, line.find(' ')));
      if (verb == "MAIL") mails++;
      if (verb == "QUIT") host.quits++;
      if (verb == "RSET") host.resets++;
      auto said = say(verb, line, refused && (verb == "RCPT" || verb == "DATA") ? "503 MAIL first\r\n" : verb == "EHLO" ? "250-host\r\n250 " + host.extensions + "\r\n" : verb == "DATA" ? "354 go\r\n" : verb == "QUIT" ? "221 bye\r\nclose" : "250 ok\r\n");
      if (verb == "MAIL") refused = !said.starts_with("250");
      in_data = verb == "DATA" && said.starts_with("354");
    }
    std::string say(const std::string& verb, const std::string& line, const std::string& usual) {
      std::string answer = host.on({verb, line, number, mails});
      if (answer.empty()) answer = usual;
      if (answer == "silent") return answer;
      bool ends = ended = answer.ends_with("close");
      stream.write(ends ? answer.substr(0, answer.size() - 5) : answer);
      if (ends) stream.close_after_flush();
      return answer;
    }
    ScriptedHost& host;
    net::Stream stream;
    std::string in, message;
    int number, mails = 0;
    bool in_data = false, ended = false, refused = false;
  };
  net::Loop& loop_;
  uint16_t port_ = 0;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace jd::test
