// SPDX-License-Identifier: MIT
// language.h: what language the people of a message speak, as far as our own texts are concerned.
#pragma once
#include <string_view>

namespace jd::mime {

// By its header: Content-Language and Accept-Language, else a Chinese charset, else a Chinese
// subject or name (Japanese ones are not).  Pure.
bool seems_chinese(std::string_view message);

}  // namespace jd::mime
