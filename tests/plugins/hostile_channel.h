/* Frames to the control channel, behind the runtime's back; what they say need
 * not be true. docs/wire_format.md has the layout. */
#ifndef TESTS_PLUGINS_HOSTILE_CHANNEL_H_
#define TESTS_PLUGINS_HOSTILE_CHANNEL_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOSTILE_MOST_DESCRIPTORS = 253 };

struct hostile_header {
  uint32_t magic;
  uint16_t version;
  uint16_t type;
  uint32_t fd_count;
  uint32_t reserved;
  uint64_t payload_bytes;
};

struct hostile_header hostile_header_of(uint16_t type, uint64_t payload_bytes);

/* All wait for room, and return false once the channel is closed. */
bool hostile_put(int channel, const void* bytes, size_t size);
bool hostile_put_frame(int channel,
                       uint16_t type,
                       const void* payload,
                       size_t size);
/* The header, with which `came` descriptors go and which announces `announced`,
 * then the payload. */
bool hostile_put_descriptors(int channel,
                             uint16_t type,
                             uint32_t announced,
                             int came,
                             const void* payload,
                             size_t size);

#endif /* TESTS_PLUGINS_HOSTILE_CHANNEL_H_ */
