// Numbers in network byte order, as all of DNS has them.
//
// Thread safety: free functions.
#ifndef PLUGINS_DNS_WIRE_NUMBERS_H_
#define PLUGINS_DNS_WIRE_NUMBERS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cluster::dns {

inline void AppendUint16(uint16_t number, std::string* out) {
  out->push_back(static_cast<char>(number >> 8));
  out->push_back(static_cast<char>(number));
}

inline void AppendUint32(uint32_t number, std::string* out) {
  AppendUint16(static_cast<uint16_t>(number >> 16), out);
  AppendUint16(static_cast<uint16_t>(number), out);
}

// REQUIRES: two bytes from `at` on.
inline void StoreUint16(uint16_t number, size_t at, std::string* out) {
  (*out)[at] = static_cast<char>(number >> 8);
  (*out)[at + 1] = static_cast<char>(number);
}

// REQUIRES: two bytes from `at` on.
inline uint16_t LoadUint16(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 |
                               static_cast<uint8_t>(bytes[at + 1]));
}

// REQUIRES: four bytes from `at` on.
inline uint32_t LoadUint32(std::string_view bytes, size_t at) {
  return uint32_t{LoadUint16(bytes, at)} << 16 | LoadUint16(bytes, at + 2);
}

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_WIRE_NUMBERS_H_
