// SPDX-License-Identifier: MIT
// json.h: a JSON value to build and print, for --json output and the endpoints file.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lib/base/result.h"

namespace jd {

class Json {
 public:
  Json();  // null
  Json(std::string_view s);  // bytes that are not UTF-8 are replaced
  Json(const char* s) : Json(std::string_view(s)) {}
  Json(const std::string& s) : Json(std::string_view(s)) {}
  template <class T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
  Json(T n) : Json() { set_number(static_cast<int64_t>(n), std::is_same_v<T, bool>); }
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(Json);
  ~Json();
  static Json object();
  static Json array();
  static Result<Json> parse(std::string_view text);  // perm: not JSON, or more than 64 levels deep

  Json& set(std::string_view key, Json value);  // object
  Json& push(Json value);                       // array
  std::string text(bool pretty = false) const;

  bool is_null() const;
  std::string string(std::string_view key) const;           // "" when absent
  int64_t number(std::string_view key, int64_t otherwise = 0) const;  // a fraction is cut off
  bool is_true(std::string_view key) const;
  std::string as_string() const;                            // this value; "" when it is no string
  std::vector<std::string> keys() const;
  Json at(std::string_view key) const;                      // null when absent
  std::vector<Json> items() const;

 private:
  struct Impl;
  void set_number(int64_t n, bool is_bool);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jd
