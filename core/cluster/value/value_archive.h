// How a Value is laid out in an archive (docs/wire_format.md), so that types
// may have Values among their fields.
//
// Part of core/cluster/value/message_codec.h. Like all of cereal it throws, and
// EncodeMessage() and DecodeMessage() make a Status of it.
//
// This header is heavy, see ipc/archive.h.
#ifndef CORE_CLUSTER_VALUE_VALUE_ARCHIVE_H_
#define CORE_CLUSTER_VALUE_VALUE_ARCHIVE_H_

#include "core/cluster/value/value.h"
#include "ipc/archive.h"

namespace cluster {

// What cereal looks for, by these names.
// NOLINTBEGIN(readability-identifier-naming)

// Throws when lists and maps nest deeper than Value::kMaxDepth.
void save(ArchiveOutput& output, const Value& value);
// Throws when `input` holds no value: an unknown kind, keys that are not in
// order, nested too deep, more than Value::kMaxCount.
void load(ArchiveInput& input, Value& value);

// It counts its lists and maps by itself, and is no level.
inline void prologue(ArchiveInput&, const Value&) {}
inline void epilogue(ArchiveInput&, const Value&) {}

// NOLINTEND(readability-identifier-naming)

}  // namespace cluster

#endif  // CORE_CLUSTER_VALUE_VALUE_ARCHIVE_H_
