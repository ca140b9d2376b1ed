// SPDX-License-Identifier: MIT
// file_format.h: the bytes of a queue file (grammar in file_store.h), apart from the disk.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/queue/file_store.h"

namespace jd::queue {

constexpr std::size_t file_head_bytes = 64;
constexpr std::size_t note_head_bytes = 16;
constexpr std::size_t max_note_bytes = 16u << 20;
constexpr std::size_t id_bytes = 20;

struct FileHead {
  uint32_t crc = 0, envelope_length = 0, recipients = 0, message_crc = 0;
  uint64_t message_offset = 0, message_length = 0;
  std::string id;
  uint64_t status_at() const { return file_head_bytes + envelope_length; }
  uint64_t notes_at() const { return (message_offset + message_length + 7) & ~uint64_t{7}; }
};

// Head, envelope, status bytes and padding: all that stands before the message.
std::string encode_file_start(FileHead& head, const Envelope& e, const Progress& p);
std::optional<FileHead> decode_file_head(std::string_view bytes);  // at least file_head_bytes
bool is_head_good(std::string_view head_and_envelope, const FileHead& head);
// Reads notes from `bytes` into p until one is none or torn.
struct Notes { std::size_t bytes = 0; unsigned count = 0; };
Notes decode_notes(std::string_view bytes, Progress& p);
// The attempts that they tell of, each once, oldest first; the recipients are the file's.
std::vector<Attempt> decode_history(std::string_view notes, const Envelope& e);

}  // namespace jd::queue
