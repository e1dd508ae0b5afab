// A directory as a page of HTML: names and links, folders with a slash, sorted.
// Names that start with a dot are left out.
//
// Thread safety: functions of their arguments.
//
//   std::optional<std::string> page = ListDirectory(fd, "a/b");
#ifndef PLUGINS_STATIC_FILES_DIRECTORY_LISTING_H_
#define PLUGINS_STATIC_FILES_DIRECTORY_LISTING_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cluster::static_files {

// What is more is not shown, and the page says so.
inline constexpr size_t kMaxListed = 10'000;

// Returns the page of the directory open in `fd`, which stays the caller's.
// `path` is that below the root, "" for it. None: it cannot be read (errno).
std::optional<std::string> ListDirectory(int fd, std::string_view path);

// Returns `text` as HTML that shows it.
std::string EscapeHtml(std::string_view text);

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_DIRECTORY_LISTING_H_
