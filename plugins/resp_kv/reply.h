// Replies as RESP2 writes them. Each function appends one to `out`.
//
// Thread safety: free functions.
//
//   AppendInteger(3, &out);  // ":3\r\n"
#ifndef PLUGINS_RESP_KV_REPLY_H_
#define PLUGINS_RESP_KV_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cluster::resp_kv {

inline constexpr std::string_view kOk = "+OK\r\n";
inline constexpr std::string_view kNil = "$-1\r\n";

// `text` has no line break.
void AppendSimple(std::string_view text, std::string* out);
// `text` begins with a word that says the kind, such as "ERR"; line breaks in
// it become spaces.
void AppendError(std::string_view text, std::string* out);
void AppendInteger(int64_t number, std::string* out);
void AppendBulk(std::string_view bytes, std::string* out);
// The head of an array; `count` replies follow.
void AppendArray(size_t count, std::string* out);

// A request, as clients send it: an array of bulk strings.
void AppendRequest(std::span<const std::string_view> arguments,
                   std::string* out);

// Reads a reply that is an integer, as AppendInteger wrote it.
std::optional<int64_t> ReadInteger(std::string_view reply);
// Reads a reply that is a bulk string, as AppendBulk wrote it.
std::optional<std::string_view> ReadBulkReply(std::string_view reply);

inline bool IsError(std::string_view reply) { return reply.starts_with('-'); }

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_REPLY_H_
