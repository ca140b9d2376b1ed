// SPDX-License-Identifier: MIT
#include "lib/base/json.h"

#include <nlohmann/json.hpp>

namespace jd {
using Value = nlohmann::ordered_json;
struct Json::Impl { Value v; };

Json::Json() : impl_(new Impl) {}
Json::Json(std::string_view s) : impl_(new Impl{Value(std::string(s))}) {}
Json::Json(const Json& o) : impl_(new Impl(*o.impl_)) {}
Json::Json(Json&& o) noexcept : impl_(std::move(o.impl_)) {}
Json& Json::operator=(Json o) { impl_ = std::move(o.impl_); return *this; }
Json::~Json() = default;
void Json::set_number(int64_t n, bool is_bool) { impl_->v = is_bool ? Value(n != 0) : Value(n); }

Json Json::object() { Json j; j.impl_->v = Value::object(); return j; }
Json Json::array() { Json j; j.impl_->v = Value::array(); return j; }

namespace {
// Copies and prints recurse: nobody's bytes may decide how deep.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    if (in_string && c == '\\') i++;
    else if (c == '"') in_string = !in_string;
    else if (!in_string && (c == '[' || c == '{') && ++depth > 64) return true;
    else if (!in_string && (c == ']' || c == '}')) depth--;
  }
  return false;
}
}  // namespace

Result<Json> Json::parse(std::string_view text) {
  if (is_too_deep(text)) return fail(Fault::perm, "JSON is nested too deeply");
  Json j;
  j.impl_->v = Value::parse(text, nullptr, false);
  if (j.impl_->v.is_discarded()) return fail(Fault::perm, "not JSON");
  return j;
}

Json& Json::set(std::string_view key, Json value) {
  impl_->v[std::string(key)] = std::move(value.impl_->v);
  return *this;
}
Json& Json::push(Json value) { impl_->v.push_back(std::move(value.impl_->v)); return *this; }
std::string Json::text(bool pretty) const {
  return impl_->v.dump(pretty ? 2 : -1, ' ', false, Value::error_handler_t::replace);
}

bool Json::is_null() const { return impl_->v.is_null(); }
std::string Json::string(std::string_view key) const {
  auto i = impl_->v.find(std::string(key));
  return i != impl_->v.end() && i->is_string() ? i->get<std::string>() : "";
}
int64_t Json::number(std::string_view key, int64_t otherwise) const {
  auto i = impl_->v.find(std::string(key));
  if (i == impl_->v.end() || !i->is_number()) return otherwise;
  if (!i->is_number_float()) return i->is_number_unsigned() && i->get<uint64_t>() > INT64_MAX ? otherwise : i->get<int64_t>();
  double d = i->get<double>();
  return d > -9e18 && d < 9e18 ? static_cast<int64_t>(d) : otherwise;
}
bool Json::is_true(std::string_view key) const {
  auto i = impl_->v.find(std::string(key));
  return i != impl_->v.end() && i->is_boolean() && i->get<bool>();
}
std::string Json::as_string() const { return impl_->v.is_string() ? impl_->v.get<std::string>() : ""; }
std::vector<std::string> Json::keys() const {
  std::vector<std::string> r;
  if (impl_->v.is_object()) for (auto& [k, v] : impl_->v.items()) r.push_back(k);
  return r;
}
Json Json::at(std::string_view key) const {
  Json j;
  if (impl_->v.is_object())
    if (auto i = impl_->v.find(std::string(key)); i != impl_->v.end()) j.impl_->v = *i;
  return j;
}
std::vector<Json> Json::items() const {
  std::vector<Json> r;
  if (impl_->v.is_array())
    for (auto& v : impl_->v) { Json j; j.impl_->v = v; r.push_back(std::move(j)); }
  return r;
}

}  // namespace jd
