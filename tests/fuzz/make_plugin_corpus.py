#!/usr/bin/env python3
"""Writes the seeds of plugin_fuzz: a whole plugin, by hand, and damaged ones.

What a compiler makes is 15 KiB, in which a search changes what nobody reads.
This one has only what ElfImage looks at, and is under 1 KiB.

    python3 tests/fuzz/make_plugin_corpus.py tests/fuzz/corpus/plugin
"""

import pathlib
import struct
import sys

MAGIC = 0x47554C5053554C43
ENTRY_SIZE = 72
ENTRY_HEAD = struct.Struct("<QIIIIII")
SYMBOL = struct.Struct("<IBBHQQ")
SEGMENT = struct.Struct("<IIQQQQQQ")
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PT_LOAD, PT_DYNAMIC, PT_NOTE = 1, 2, 4
DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ = 1, 4, 5, 6, 10
DT_GNU_HASH, DT_FLAGS_1 = 0x6FFFFEF5, 0x6FFFFFFB
DF_1_PIE = 0x08000000
STRINGS = b"\0cluster_plugin_entry\0libc.so.6\0__asan_init\0"
# In the place of the last two: a library alone says what the plugin needs.
LIBRARIES = {
    "asan": b"libasan.so.8",
    "clang_asan": b"libclang_rt.asan.so",
    "tsan": b"libtsan.so.2",
    "clang_tsan": b"libclang_rt.tsan.so",
}
HASHES = {
    # nbucket, nchain, bucket, chain of three symbols
    DT_HASH: struct.pack("<6I", 1, 3, 1, 0, 2, 0),
    # nbuckets, symoffset, bloom words, shift; bloom; bucket; chain
    DT_GNU_HASH: struct.pack("<4IQ3I", 1, 1, 1, 6, 2**64 - 1, 1, 2, 3),
}


def note(owner, kind, desc):
    owner += b"\0"
    padded = owner + b"\0" * (-len(owner) % 4)
    return struct.pack("<III", len(owner), len(desc), kind) + padded + desc


def plugin_note():
    desc = struct.pack("<6I48s24s64s192s", 352, 1, 0, 1, 1, 0, b"seed", b"1.0",
                       b"hand", b"cluster.loop/1 cluster.log/1")
    return note(b"cluster", 1, desc) + note(b"GNU", 3, bytes(range(20)))


def plugin(hash_tag=DT_HASH, **lies):
    """Returns the file; `lies` replace numbers in it, by name."""
    entry = ENTRY_HEAD.pack(lies.get("magic", MAGIC),
                            lies.get("entry_size", ENTRY_SIZE), 1, 0, 1, 1, 0)
    notes = lies.get("notes", plugin_note())
    parts = {}
    at = HEADER.size + 3 * SEGMENT.size
    for name, size in (("dynamic", 16 * 8), ("strings", len(STRINGS)),
                       ("symbols", 3 * SYMBOL.size),
                       ("hash", len(HASHES[hash_tag])),
                       ("entry", ENTRY_SIZE), ("notes", len(notes))):
        at += -at % 8
        parts[name] = at
        at += size
    end = at

    tags = [(DT_NEEDED, 22), (hash_tag, lies.get("hash", parts["hash"])),
            (DT_STRTAB, lies.get("strings", parts["strings"])),
            (DT_STRSZ, lies.get("strings_size", len(STRINGS))),
            (DT_SYMTAB, lies.get("symbols", parts["symbols"])),
            (DT_FLAGS_1, lies.get("flags", 0)), (0, 0)]
    contents = {
        "dynamic": b"".join(struct.pack("<QQ", *tag) for tag in tags),
        "strings": lies.get("text", STRINGS),
        "symbols": (SYMBOL.pack(0, 0, 0, 0, 0, 0) +
                    SYMBOL.pack(lies.get("name", 1), 0x11, 0, 1,
                                lies.get("entry", parts["entry"]), ENTRY_SIZE) +
                    SYMBOL.pack(32 if lies.get("asan") else 22, 0x12, 0, 0, 0,
                                0)),
        "hash": lies.get("hash_table", HASHES[hash_tag]),
        "entry": entry,
        "notes": notes,
    }
    file = bytearray(end)
    for name, text in contents.items():
        file[parts[name]:parts[name] + len(text)] = text

    def segment(kind, offset, size):
        return SEGMENT.pack(kind, 4, offset, offset, offset, size, size, 4)

    load_offset = lies.get("load_offset", 0)
    segments = (
        SEGMENT.pack(PT_LOAD, 5, load_offset, lies.get("load_address", 0), 0,
                     lies.get("load_size", end), end, 4096) +
        segment(PT_DYNAMIC, lies.get("dynamic", parts["dynamic"]),
                lies.get("dynamic_size", 16 * 8)) +
        segment(PT_NOTE, lies.get("note", parts["notes"]),
                lies.get("note_size", len(notes))))
    file[HEADER.size:HEADER.size + len(segments)] = segments
    file[:HEADER.size] = HEADER.pack(
        b"\x7fELF\x02\x01\x01" + bytes(9), lies.get("type", 3),
        lies.get("machine", 62), 1, 0, lies.get("segments_at", HEADER.size), 0,
        0, HEADER.size, lies.get("segment_size", SEGMENT.size),
        lies.get("segment_count", 3), 0, 0, 0)
    return bytes(file)


def linked_to(library):
    """Returns a plugin that needs one library, and imports its name, too."""
    at = STRINGS.index(b"libc.so.6")
    return plugin(text=STRINGS[:at] + library.ljust(len(STRINGS) - at, b"\0"))


def seeds():
    whole = plugin()
    largest = 2**64 - 1
    gnu = lambda *numbers: struct.pack("<4I", *numbers) + bytes(16)
    return {
        "whole_sysv_hash": whole,
        "whole_gnu_hash": plugin(DT_GNU_HASH),
        "needs_asan": plugin(asan=1),
        **{f"linked_to_{name}": linked_to(library)
           for name, library in LIBRARIES.items()},
        "cut_header": whole[:40],
        "cut_segments": whole[:HEADER.size + SEGMENT.size + 9],
        "cut_dynamic": whole[:HEADER.size + 3 * SEGMENT.size + 40],
        "cut_note": whole[:-30],
        "other_machine": plugin(machine=183),
        "executable": plugin(flags=DF_1_PIE),
        "wrong_magic": plugin(magic=MAGIC + 1),
        "entry_size_zero": plugin(entry_size=0),
        "entry_at_the_end": plugin(entry=len(whole) - 8),
        "entry_address_largest": plugin(entry=largest),
        "segments_at_largest": plugin(segments_at=largest - 55),
        "segment_count_largest": plugin(segment_count=65535),
        "segment_size_odd": plugin(segment_size=57),
        "load_offset_wraps": plugin(load_offset=largest, load_size=2),
        "load_address_largest": plugin(load_address=largest),
        "dynamic_size_wraps": plugin(dynamic_size=largest),
        "strings_size_largest": plugin(strings_size=largest),
        "strings_outside": plugin(strings=len(whole) + 1),
        "symbols_outside": plugin(symbols=2**63),
        "name_outside": plugin(name=2**32 - 1),
        "hash_count_largest": plugin(
            hash_table=struct.pack("<6I", 1, 2**32 - 1, 1, 0, 2, 0)),
        "gnu_bloom_largest": plugin(DT_GNU_HASH,
                                    hash_table=gnu(1, 1, 2**32 - 1, 0)),
        "gnu_buckets_largest": plugin(DT_GNU_HASH,
                                      hash_table=gnu(2**32 - 1, 1, 0, 0)),
        "gnu_first_above_last": plugin(DT_GNU_HASH,
                                       hash_table=gnu(1, 2**32 - 1, 1, 0)),
        "note_sizes_wrap": plugin(notes=struct.pack(
            "<III", 2**32 - 1, 2**32 - 1, 1) + b"cluster\0"),
        "note_short": plugin(notes=note(b"cluster", 1, b"\x04\0\0\0")),
        "note_size_larger": plugin(
            notes=note(b"cluster", 1, b"\xff\xff\xff\xff" + b"\x01" * 40)),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, text in seeds().items():
        (folder / name).write_bytes(text)


if __name__ == "__main__":
    main()
