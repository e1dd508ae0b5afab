#include "tools/plugin_check/probe/reporter.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

// Of one kind; a plugin may do the same thing wrong a thousand times.
constexpr size_t kMaxTexts = 3;

// Records are lines, and are shown on terminals.
std::string OneLine(absl::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

}  // namespace

Reporter& Reporter::Get() {
  static Reporter* const reporter = new Reporter();
  return *reporter;
}

Reporter::Reporter() {
  void* page = mmap(
      nullptr, kWhereBytes, PROT_READ | PROT_WRITE, MAP_SHARED, kWhereFd, 0);
  if (page != MAP_FAILED) where_ = static_cast<char*>(page);
}

void Reporter::Found(Finding finding, absl::string_view text) {
  {
    const std::lock_guard lock(mutex_);
    if (++texts_so_far_[finding] > kMaxTexts) return;
  }
  Write(absl::StrCat("finding\t", NameOf(finding)), text);
}

void Reporter::At(absl::string_view where) {
  if (where_ == nullptr) return;
  const size_t size = std::min(where.size(), kWhereBytes - 1);
  std::memcpy(where_, where.data(), size);
  where_[size] = '\0';
}

void Reporter::Write(absl::string_view record, absl::string_view text) {
  const std::string line = absl::StrCat(record, "\t", OneLine(text), "\n");
  const std::lock_guard lock(mutex_);
  if (!written_.insert(line).second) return;
  // A line is short enough to go at once (PIPE_BUF).
  [[maybe_unused]] const ssize_t n =
      write(kReportFd, line.data(), std::min<size_t>(line.size(), 4096));
}

}  // namespace cluster
