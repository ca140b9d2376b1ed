// SPDX-License-Identifier: MIT
#include "cmd/sendmail/options.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

using namespace jd;
using namespace jd::sendmail;

namespace {
Result<Options> of(const std::string& line) {
  static std::vector<std::string> kept;
  kept.clear();
  for (auto w : words(line)) kept.emplace_back(w);
  std::vector<char*> argv;
  for (auto& w : kept) argv.push_back(w.data());
  argv.push_back(nullptr);
  return parse(static_cast<int>(kept.size()), argv.data());
}
}  // namespace

TEST(SendmailOptions, AsProgramsGiveThem) {
  auto cron = of("sendmail -FCronDaemon -i -odi -oem -oi -t -f root");
  ASSERT_TRUE(cron);
  EXPECT_TRUE(cron->from_header && cron->ignore_dots && cron->has_sender);
  EXPECT_EQ(cron->full_name, "CronDaemon");
  EXPECT_EQ(cron->sender, "root");
  auto mutt = of("/usr/sbin/sendmail -oem -oi -f ann@x -- bob@x -c@x");
  ASSERT_TRUE(mutt);
  EXPECT_EQ(mutt->recipients, (std::vector<std::string>{"bob@x", "-c@x"}));
  EXPECT_TRUE(mutt->ignore_dots && !mutt->from_header);
  auto mailx = of("sendmail bob@x -fann@x");
  EXPECT_EQ(mailx->sender, "ann@x");
  EXPECT_EQ(mailx->recipients.size(), 1u);
  auto php = of("sendmail -t -i -o v");
  EXPECT_TRUE(php->verbose);
  auto dsn = of("sendmail -N success,delay -R hdrs -V id1 -XV -B8BITMIME -O DeliveryMode=b -Am -h 3 a@b");
  ASSERT_TRUE(dsn) << dsn.error().what;
  EXPECT_EQ(dsn->notify, "success,delay");
  EXPECT_EQ(dsn->ret, "hdrs");
  EXPECT_EQ(dsn->envid, "id1");
  EXPECT_TRUE(dsn->verp);
  EXPECT_TRUE(of("sendmail -O IgnoreDots=true a@b")->ignore_dots);
}

TEST(SendmailOptions, ModesAndNames) {
  EXPECT_EQ(of("mailq")->mode, Mode::list_queue);
  EXPECT_EQ(of("/usr/bin/newaliases")->mode, Mode::nothing);
  EXPECT_EQ(of("sendmail -bs")->mode, Mode::smtp);
  EXPECT_EQ(of("sendmail -bp")->mode, Mode::list_queue);
  EXPECT_EQ(of("sendmail -bi")->mode, Mode::nothing);
  EXPECT_EQ(of("sendmail -q")->mode, Mode::flush);
  EXPECT_EQ(of("sendmail -q30m a@b")->mode, Mode::message);
}

TEST(SendmailOptions, WrongOnesAreRefused) {
  for (const char* bad : {"sendmail -bd -q30m", "sendmail -bv a@b", "sendmail -b", "sendmail -N often a@b", "sendmail -R some a@b", "sendmail -f", "sendmail --nonsense",
                          "sendmail -Z a@b", "sendmail -N never,delay a@b"}) {
    auto o = of(bad);
    EXPECT_FALSE(o) << bad;
    EXPECT_TRUE(!o && o.error().fault == Fault::usage) << bad;
  }
}
