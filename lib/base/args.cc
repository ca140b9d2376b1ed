// SPDX-License-Identifier: MIT
#include "lib/base/args.h"

#include <CLI/CLI.hpp>

namespace jd {

struct Args::Impl {
  std::unique_ptr<CLI::App> owned;
  CLI::App* app = nullptr;
  CLI::Option* last = nullptr;
  std::vector<std::unique_ptr<Args>> children;
};

Args::Args(const std::string& name, const std::string& about) : impl_(new Impl) {
  impl_->owned = std::make_unique<CLI::App>(about, name);
  impl_->app = impl_->owned.get();
  impl_->app->set_version_flag("--version", std::string("jdmail ") + version);
}
Args::Args(Impl* impl) : impl_(impl) {}
Args::~Args() = default;

Args& Args::flag(const std::string& n, bool& v, const std::string& h) {
  impl_->last = impl_->app->add_flag(n, v, h);
  return *this;
}
Args& Args::option(const std::string& n, std::string& v, const std::string& h) {
  impl_->last = impl_->app->add_option(n, v, h);
  return *this;
}
Args& Args::option(const std::string& n, uint64_t& v, const std::string& h) {
  impl_->last = impl_->app->add_option(n, v, h);
  return *this;
}
Args& Args::option(const std::string& n, std::vector<std::string>& v, const std::string& h) {
  impl_->last = impl_->app->add_option(n, v, h)->expected(1)->multi_option_policy(
      CLI::MultiOptionPolicy::TakeAll);
  return *this;
}
Args& Args::positional(const std::string& n, std::string& v, const std::string& h, bool required) {
  impl_->last = impl_->app->add_option(n, v, h)->required(required);
  return *this;
}
Args& Args::positional(const std::string& n, std::vector<std::string>& v, const std::string& h,
                       bool required) {
  impl_->last = impl_->app->add_option(n, v, h)->required(required);
  return *this;
}
Args& Args::env(const std::string& variable) {
  impl_->last->envname(variable);
  return *this;
}
Args& Args::required() {
  impl_->last->required();
  return *this;
}
Args& Args::command(const std::string& name, const std::string& about) {
  auto* child = new Impl;
  child->app = impl_->app->add_subcommand(name, about);
  impl_->children.push_back(std::unique_ptr<Args>(new Args(child)));
  return *impl_->children.back();
}
Args& Args::needs_command() {
  impl_->app->require_subcommand(1);
  return *this;
}
bool Args::chosen() const { return impl_->app->parsed(); }
std::string Args::help() const { return impl_->app->help(); }

std::optional<int> Args::parse(int argc, char** argv) {
  try {
    impl_->app->parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& e) {
    int code = impl_->app->exit(e);
    return code == 0 ? 0 : 100;
  }
}

}  // namespace jd
