// SPDX-License-Identifier: MIT
// result.h: a value or the reason why there is none.
//
// Result<T> is [[nodiscard]]; TRY declares a variable or returns the Error, CHECK returns the Error
// of a call whose value is not wanted.  TRY is a declaration: one per line, inside braces.
// Fault decides what the outside sees: SMTP 4xx/5xx, exit status 111/100/101, retry or bounce.
// Add context once, at the level that knows the object: wrap(r, "queue/tmp/{}", name).
#pragma once
#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace jd {

enum class Fault : uint8_t { temp, perm, usage, bug };  // retry later | never | the caller's | ours

struct Error {
  Fault fault;
  int sys;           // errno, or 0
  std::string what;  // one line: what failed, on what, why
  Error(Fault f, std::string w, int e = 0) : fault(f), sys(e), what(std::move(w)) {}
};

template <class T = void>
using Result = tl::expected<T, Error>;
using Status = Result<>;
using Unexpected = tl::unexpected<Error>;

template <class... A>
Unexpected fail(Fault fault, fmt::format_string<A...> f, A&&... a) {
  return Unexpected(Error(fault, fmt::format(f, std::forward<A>(a)...)));
}
// fail_errno(errno, "cannot open {}", path) -> "cannot open x: No such file or directory".
// The fault follows the errno: what may heal (space, descriptors, I/O, a stalled peer) is temp.
Unexpected fail_text(int sys, std::string what);
template <class... A>
Unexpected fail_errno(int sys, fmt::format_string<A...> f, A&&... a) {
  return fail_text(sys, fmt::format(f, std::forward<A>(a)...));
}
Fault fault_of_errno(int sys);
std::string errno_text(int sys);
int exit_code(Fault fault);  // temp 111, perm and usage 100, bug 101

template <class T, class... A>
Result<T> wrap(Result<T> r, fmt::format_string<A...> f, A&&... a) {
  if (!r) r.error().what = fmt::format(f, std::forward<A>(a)...) + ": " + r.error().what;
  return r;
}

[[noreturn]] void must_failed(const char* file, int line, const char* what);

}  // namespace jd

#define JD_CAT2(a, b) a##b
#define JD_CAT(a, b) JD_CAT2(a, b)
#define JD_TRY(tmp, lhs, ...)                                       \
  auto tmp = (__VA_ARGS__);                                         \
  if (!tmp) return ::jd::Unexpected(std::move(tmp).error());        \
  lhs = *std::move(tmp)
#define JD_CHECK(tmp, ...)                                       \
  do {                                                            \
    auto tmp = (__VA_ARGS__);                                     \
    if (!tmp) return ::jd::Unexpected(std::move(tmp).error());    \
  } while (0)
#define TRY(lhs, ...) JD_TRY(JD_CAT(try_, __COUNTER__), lhs, __VA_ARGS__)
#define CHECK(...) JD_CHECK(JD_CAT(try_, __COUNTER__), __VA_ARGS__)
// MUST stays on in release: for broken invariants of ours only, never for input.
#define MUST(cond) ((cond) ? (void)0 : ::jd::must_failed(__FILE__, __LINE__, #cond))
