/* The ELF note of a plugin: what the host and its tools show about a file
 * without loading it. C11 and C++20, no library.
 *
 * The note is optional: a file with the right `cluster_plugin_entry` and no
 * note loads likewise, it just has less to tell. The linker keeps the note in a
 * segment of its own (PT_NOTE), so that it survives `strip`.
 *
 *   static const cluster_worker_plugin kTable = {...};
 *   CLUSTER_WORKER_PLUGIN("echo", "1.0", kTable,
 *                         CLUSTER_SERVICE_LOOP_V1,
 *                         CLUSTER_SERVICE_CONNECTION_V1);
 */
#ifndef CLUSTER_PLUGIN_NOTE_H_
#define CLUSTER_PLUGIN_NOTE_H_

#include <stddef.h>
#include <stdint.h>

#include "cluster_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CLUSTER_NOTE_SECTION ".note.cluster.plugin"
#define CLUSTER_NOTE_OWNER "cluster"
#define CLUSTER_NOTE_TYPE 1u

#define CLUSTER_SANITIZER_ADDRESS 1u
#define CLUSTER_SANITIZER_THREAD 2u

/* The oldest minor that a plugin in C can run on. One that looks before it uses
 * what came later defines it before this header is included. */
#ifndef CLUSTER_PLUGIN_ABI_MINOR_MIN
#define CLUSTER_PLUGIN_ABI_MINOR_MIN CLUSTER_ABI_MINOR
#endif

/* Text is terminated by a NUL and filled up with NULs. */
typedef struct cluster_plugin_note_desc {
  uint32_t size; /* of this struct */
  uint32_t kind;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t abi_minor_min;
  uint32_t sanitizers; /* CLUSTER_SANITIZER_* */
  char name[48];
  char version[24];
  char compiler[64];
  char required_services[192]; /* separated by one space */
  char optional_services[192]; /* likewise; since 0.2, `size` tells */
} cluster_plugin_note_desc;

/* The layout of a note is that of elf(5): sizes, type, owner, contents. */
typedef struct cluster_plugin_note {
  uint32_t owner_size;
  uint32_t desc_size;
  uint32_t type;
  char owner[8];
  cluster_plugin_note_desc desc;
} cluster_plugin_note;

/* ---- What this translation unit is built with --------------------------- */

#define CLUSTER_TEXT_(x) #x
#define CLUSTER_TEXT(x) CLUSTER_TEXT_(x)

#if defined(__clang__)
#define CLUSTER_COMPILER                                   \
  "clang " CLUSTER_TEXT(__clang_major__) "." CLUSTER_TEXT( \
      __clang_minor__) "." CLUSTER_TEXT(__clang_patchlevel__)
#elif defined(__GNUC__)
#define CLUSTER_COMPILER                          \
  "gcc " CLUSTER_TEXT(__GNUC__) "." CLUSTER_TEXT( \
      __GNUC_MINOR__) "." CLUSTER_TEXT(__GNUC_PATCHLEVEL__)
#else
#define CLUSTER_COMPILER "unknown"
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CLUSTER_HAS_ASAN_ CLUSTER_SANITIZER_ADDRESS
#endif
#if __has_feature(thread_sanitizer)
#define CLUSTER_HAS_TSAN_ CLUSTER_SANITIZER_THREAD
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(CLUSTER_HAS_ASAN_)
#define CLUSTER_HAS_ASAN_ CLUSTER_SANITIZER_ADDRESS
#endif
#if defined(__SANITIZE_THREAD__) && !defined(CLUSTER_HAS_TSAN_)
#define CLUSTER_HAS_TSAN_ CLUSTER_SANITIZER_THREAD
#endif
#if !defined(CLUSTER_HAS_ASAN_)
#define CLUSTER_HAS_ASAN_ 0u
#endif
#if !defined(CLUSTER_HAS_TSAN_)
#define CLUSTER_HAS_TSAN_ 0u
#endif
#define CLUSTER_SANITIZERS (CLUSTER_HAS_ASAN_ | CLUSTER_HAS_TSAN_)

/* ---- The note ----------------------------------------------------------- */

#if defined(__cplusplus)
#define CLUSTER_STATIC_ASSERT_ static_assert
#else
#define CLUSTER_STATIC_ASSERT_ _Static_assert
#endif

/* A sanitizer's guard bytes around the note would end up between notes. */
#if defined(__clang__)
#define CLUSTER_IN_NOTE_SECTION_                \
  __attribute__((section(CLUSTER_NOTE_SECTION), \
                 used,                          \
                 aligned(4),                    \
                 no_sanitize("address", "hwaddress")))
#else
#define CLUSTER_IN_NOTE_SECTION_ \
  __attribute__((section(CLUSTER_NOTE_SECTION), used, aligned(4)))
#endif

/* Emits the note. All are string literals; services are separated by single
 * spaces. One that does not fit is a compile error. */
#define CLUSTER_PLUGIN_NOTE_TEXT_(                                         \
    name_text, version_text, services_text, optional_text)                 \
  CLUSTER_STATIC_ASSERT_(sizeof(name_text) > 1 && sizeof(name_text) <= 48, \
                         "a plugin's name has 1 to 47 bytes");             \
  CLUSTER_STATIC_ASSERT_(sizeof(version_text) <= 24,                       \
                         "a plugin's version has at most 23 bytes");       \
  CLUSTER_STATIC_ASSERT_(sizeof(services_text) <= 192,                     \
                         "the required services have at most 191 bytes");  \
  CLUSTER_STATIC_ASSERT_(                                                  \
      CLUSTER_PLUGIN_ABI_MINOR_MIN <= CLUSTER_ABI_MINOR,                   \
      "CLUSTER_PLUGIN_ABI_MINOR_MIN is newer than these headers");         \
  CLUSTER_STATIC_ASSERT_(sizeof(optional_text) <= 192,                     \
                         "the optional services have at most 191 bytes");  \
  static const cluster_plugin_note cluster_plugin_note_                    \
      CLUSTER_IN_NOTE_SECTION_ = {sizeof(CLUSTER_NOTE_OWNER),              \
                                  sizeof(cluster_plugin_note_desc),        \
                                  CLUSTER_NOTE_TYPE,                       \
                                  CLUSTER_NOTE_OWNER,                      \
                                  {sizeof(cluster_plugin_note_desc),       \
                                   CLUSTER_PLUGIN_KIND_WORKER,             \
                                   CLUSTER_ABI_MAJOR,                      \
                                   CLUSTER_ABI_MINOR,                      \
                                   CLUSTER_PLUGIN_ABI_MINOR_MIN,           \
                                   CLUSTER_SANITIZERS,                     \
                                   name_text,                              \
                                   version_text,                           \
                                   CLUSTER_COMPILER,                       \
                                   services_text,                          \
                                   optional_text}}

/* Joins one to twelve string literals by spaces. */
#define CLUSTER_JOIN1_(a) a
#define CLUSTER_JOIN2_(a, b) a " " b
#define CLUSTER_JOIN3_(a, ...) a " " CLUSTER_JOIN2_(__VA_ARGS__)
#define CLUSTER_JOIN4_(a, ...) a " " CLUSTER_JOIN3_(__VA_ARGS__)
#define CLUSTER_JOIN5_(a, ...) a " " CLUSTER_JOIN4_(__VA_ARGS__)
#define CLUSTER_JOIN6_(a, ...) a " " CLUSTER_JOIN5_(__VA_ARGS__)
#define CLUSTER_JOIN7_(a, ...) a " " CLUSTER_JOIN6_(__VA_ARGS__)
#define CLUSTER_JOIN8_(a, ...) a " " CLUSTER_JOIN7_(__VA_ARGS__)
#define CLUSTER_JOIN9_(a, ...) a " " CLUSTER_JOIN8_(__VA_ARGS__)
#define CLUSTER_JOIN10_(a, ...) a " " CLUSTER_JOIN9_(__VA_ARGS__)
#define CLUSTER_JOIN11_(a, ...) a " " CLUSTER_JOIN10_(__VA_ARGS__)
#define CLUSTER_JOIN12_(a, ...) a " " CLUSTER_JOIN11_(__VA_ARGS__)
#define CLUSTER_THIRTEENTH_(a, b, c, d, e, f, g, h, i, j, k, l, last, ...) last
#define CLUSTER_JOIN_(...)             \
  CLUSTER_THIRTEENTH_(__VA_ARGS__,     \
                      CLUSTER_JOIN12_, \
                      CLUSTER_JOIN11_, \
                      CLUSTER_JOIN10_, \
                      CLUSTER_JOIN9_,  \
                      CLUSTER_JOIN8_,  \
                      CLUSTER_JOIN7_,  \
                      CLUSTER_JOIN6_,  \
                      CLUSTER_JOIN5_,  \
                      CLUSTER_JOIN4_,  \
                      CLUSTER_JOIN3_,  \
                      CLUSTER_JOIN2_,  \
                      CLUSTER_JOIN1_,  \
                      0)               \
  (__VA_ARGS__)

/* Emits the note of a worker plugin that cannot run without the services named:
 * one to twelve string literals. */
#define CLUSTER_PLUGIN_NOTE(name_text, version_text, ...) \
  CLUSTER_PLUGIN_NOTE_TEXT_(                              \
      name_text, version_text, CLUSTER_JOIN_(__VA_ARGS__), "")

#define CLUSTER_ENTRY_(name_text, version_text, table_name, optional) \
  const cluster_plugin_entry_t cluster_plugin_entry = {               \
      CLUSTER_PLUGIN_MAGIC,                                           \
      sizeof(cluster_plugin_entry_t),                                 \
      CLUSTER_PLUGIN_KIND_WORKER,                                     \
      CLUSTER_ABI_MAJOR,                                              \
      CLUSTER_ABI_MINOR,                                              \
      CLUSTER_PLUGIN_ABI_MINOR_MIN,                                   \
      0,                                                              \
      name_text,                                                      \
      version_text,                                                   \
      cluster_required_services_,                                     \
      optional,                                                       \
      &(table_name)}

/* Defines the entry and the note of a worker plugin written in C. `table_name`
 * names a static const cluster_worker_plugin; the services follow, as above. */
#define CLUSTER_WORKER_PLUGIN(name_text, version_text, table_name, ...)        \
  CLUSTER_PLUGIN_NOTE(name_text, version_text, __VA_ARGS__);                   \
  static const char* const cluster_required_services_[] = {__VA_ARGS__, NULL}; \
  CLUSTER_ENTRY_(name_text, version_text, table_name, NULL)

/* The same with services that it can use and can do without: CLUSTER_OPTIONAL(
 * one to twelve string literals), before those that it requires. */
#define CLUSTER_OPTIONAL(...) __VA_ARGS__
#define CLUSTER_WORKER_PLUGIN_OPTIONAL(                                        \
    name_text, version_text, table_name, optional, ...)                        \
  CLUSTER_PLUGIN_NOTE_TEXT_(name_text,                                         \
                            version_text,                                      \
                            CLUSTER_JOIN_(__VA_ARGS__),                        \
                            CLUSTER_JOIN_LIST_((optional)));                   \
  static const char* const cluster_required_services_[] = {__VA_ARGS__, NULL}; \
  static const char* const cluster_optional_services_[] = {optional, NULL};    \
  CLUSTER_ENTRY_(                                                              \
      name_text, version_text, table_name, cluster_optional_services_)
#define CLUSTER_JOIN_LIST_(list) CLUSTER_JOIN_ list

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CLUSTER_PLUGIN_NOTE_H_ */
