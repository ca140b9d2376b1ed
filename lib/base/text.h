// SPDX-License-Identifier: MIT
// text.h: small questions about bytes and ASCII text that the whole tree asks.
//
// All functions are pure.  Case folding is ASCII only (protocols); other scripts are lib/mime's.
// Views returned point into the argument.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jd {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
constexpr bool is_ctl(char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }
constexpr bool is_8bit(char c) { return static_cast<unsigned char>(c) >= 128; }
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

std::string lower(std::string_view s);
std::string upper(std::string_view s);
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view s, std::string_view prefix);
std::size_t ifind(std::string_view haystack, std::string_view needle);  // npos when absent

std::string_view trim(std::string_view s);  // spaces, tabs, CR, LF at both ends
std::vector<std::string_view> split(std::string_view s, char at);   // "a,,b" -> a, "", b
std::string one_line(std::string_view s);                            // controls become blanks
std::vector<std::string_view> words(std::string_view s);            // runs of non-blank bytes
std::optional<std::pair<std::string_view, std::string_view>> split_once(std::string_view s, char at);

// Whole string, decimal, no sign; nullopt on anything else or overflow.
std::optional<uint64_t> to_number(std::string_view s);
// "10M", "2G", "512K", "100": bytes in powers of 1024.
std::optional<uint64_t> to_size(std::string_view s);
std::string size_text(uint64_t bytes);  // "1.5M"

bool is_utf8(std::string_view s);   // well-formed, no surrogates, no overlong forms
bool is_ascii(std::string_view s);  // all bytes < 128
int display_width(std::string_view utf8);  // columns in a terminal; East Asian wide = 2
std::string pad_to(std::string_view utf8, int columns);

// For one line of a log or an error message: control bytes as \xNN, quotes and backslashes escaped.
std::string escape(std::string_view s);
std::string hex(std::string_view bytes);
std::optional<std::string> unhex(std::string_view text);
// %-encoding for file names: letters, digits, "-_.@+" and bytes >= 128 stay; a leading dot does not.
std::string file_name_encode(std::string_view s);
std::optional<std::string> file_name_decode(std::string_view s);

}  // namespace jd
