#include "plugins/static_files/directory_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "plugins/static_files/request_path.h"

namespace cluster::static_files {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool IsDirectory(int fd, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) {
    return entry.d_type == DT_DIR;
  }
  struct stat stat;
  return fstatat(fd, entry.d_name, &stat, 0) == 0 && S_ISDIR(stat.st_mode);
}

// The names in `fd`; one more than kMaxListed at most.
std::optional<std::vector<std::string>> ReadNames(int fd) {
  // By its own open file: reading moves a position that copies would share.
  const int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return std::nullopt;
  const Directory directory(fdopendir(own));
  if (directory == nullptr) {
    const int error = errno;
    close(own);
    errno = error;
    return std::nullopt;
  }
  std::vector<std::string> names;
  while (names.size() <= kMaxListed) {
    const dirent* const entry = readdir(directory.get());
    if (entry == nullptr) break;
    if (entry->d_name[0] == '.') continue;
    std::string name = entry->d_name;
    if (IsDirectory(fd, *entry)) name += '/';
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// "./" keeps a name with a colon from being a scheme.
std::string Link(std::string_view name) {
  const bool folder = name.ends_with('/');
  const std::string_view plain = name.substr(0, name.size() - (folder ? 1 : 0));
  return "<li><a href=\"./" + EncodeSegment(plain) + (folder ? "/" : "") +
         "\">" + EscapeHtml(name) + "</a>\n";
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::optional<std::string> ListDirectory(int fd, std::string_view path) {
  std::optional<std::vector<std::string>> names = ReadNames(fd);
  if (!names) return std::nullopt;
  const bool cut = names->size() > kMaxListed;
  if (cut) names->pop_back();
  const std::string title = "/" + EscapeHtml(path) + (path.empty() ? "" : "/");
  std::string page =
      "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
      "<title>" +
      title + "</title></head>\n<body><h1>" + title + "</h1>\n<ul>\n";
  if (!path.empty()) page += "<li><a href=\"../\">../</a>\n";
  for (const std::string& name : *names) page += Link(name);
  page += "</ul>\n";
  if (cut) page += "<p>There are more.</p>\n";
  page += "</body></html>\n";
  return page;
}

}  // namespace cluster::static_files
