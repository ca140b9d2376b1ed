// SPDX-License-Identifier: MIT
// heap.h: memory for work on very many things at once, in huge pages.
//
// To have a page the first time costs 0.1 µs on bare hardware and up to 15 µs in a virtual machine: a command
// for 10,000 messages touches a thousand of them, and spent more time there than on its work.  In huge
// pages it is two.  Where the kernel has none to give, ordinary ones come as ever.
#pragma once
#include <cstddef>

namespace jd::heap {

// What is freed stays with the process, up to 64 MB, until give_back(): for one that does the like again and again.
void keep_freed();
// About `bytes` will be allocated soon, in pieces.  Takes no memory by itself; does nothing for little of it,
// or when it was called since the last give_back().  For processes of one thread.
void expect(std::size_t bytes);
void give_back();

}  // namespace jd::heap
