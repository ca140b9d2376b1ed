// SPDX-License-Identifier: MIT
// args.h: command lines, through CLI11, so that only one file pays for its headers.
//
//   Args a("jdctl", "the operator's one command");
//   a.option("--prefix", prefix, "instance directory").env("JDMAIL_PREFIX");
//   Args& add = a.command("user").command("add");   add.positional("address", address, "...");
//   if (auto code = a.parse(argc, argv)) return *code;   // help, version, mistakes are printed
//   if (add.chosen()) ...
// Exit code of a mistake: 100.  References must outlive the Args.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jd {

inline constexpr const char* version = "0.1.0";

class Args {
 public:
  Args(const std::string& name, const std::string& about);
  ~Args();
  Args& flag(const std::string& name, bool& value, const std::string& help);
  Args& option(const std::string& name, std::string& value, const std::string& help);
  Args& option(const std::string& name, uint64_t& value, const std::string& help);
  Args& option(const std::string& name, std::vector<std::string>& value, const std::string& help);
  Args& positional(const std::string& name, std::string& value, const std::string& help,
                   bool required = true);
  Args& positional(const std::string& name, std::vector<std::string>& values,
                   const std::string& help, bool required = true);
  Args& env(const std::string& variable);  // of the option named last
  Args& required();                        // the option named last
  Args& command(const std::string& name, const std::string& about);
  Args& needs_command();  // refuse to run without one of the sub-commands
  bool chosen() const;
  std::optional<int> parse(int argc, char** argv);
  std::string help() const;

 private:
  struct Impl;
  explicit Args(Impl* impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jd
