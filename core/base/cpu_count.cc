#include "core/base/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cluster {
namespace {

constexpr int kMaxCpus = 1 << 16;

// Returns the file's text, empty when it cannot be read.
std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A mask that is too small for the machine's CPUs is refused with EINVAL.
int AffinityCount() {
  for (int cpus = 1024; cpus <= kMaxCpus; cpus *= 2) {
    cpu_set_t* mask = CPU_ALLOC(cpus);
    const size_t bytes = CPU_ALLOC_SIZE(cpus);
    const bool known = sched_getaffinity(0, bytes, mask) == 0;
    const bool too_small = !known && errno == EINVAL;
    const int count = known ? CPU_COUNT_S(bytes, mask) : 1;
    CPU_FREE(mask);
    if (!too_small) return count;
  }
  return 1;
}

// Appends root + path, and every directory above it down to root.
void AppendWithAncestors(const std::string& root,
                         absl::string_view path,
                         std::vector<std::string>* directories) {
  while (path.size() > 1) {
    directories->push_back(absl::StrCat(root, path));
    path = path.substr(0, path.rfind('/'));
  }
  directories->push_back(root);
}

bool NamesCpu(absl::string_view controllers) {
  const std::vector<absl::string_view> names = absl::StrSplit(controllers, ',');
  return std::find(names.begin(), names.end(), "cpu") != names.end();
}

std::vector<double> ReadQuotas(const CpuCgroups& cgroups) {
  std::vector<double> quotas;
  for (const std::string& directory : cgroups.v2) {
    const auto quota = QuotaOfV2(ReadText(directory + "/cpu.max"));
    if (quota) quotas.push_back(*quota);
  }
  for (const std::string& directory : cgroups.v1) {
    const auto quota = QuotaOfV1(ReadText(directory + "/cpu.cfs_quota_us"),
                                 ReadText(directory + "/cpu.cfs_period_us"));
    if (quota) quotas.push_back(*quota);
  }
  return quotas;
}

}  // namespace

int AvailableCpus() {
  return AvailableCpus(ReadText("/proc/self/cgroup"), "/sys/fs/cgroup");
}

int AvailableCpus(absl::string_view proc_self_cgroup, absl::string_view mount) {
  return CombineCpuLimits(AffinityCount(),
                          ReadQuotas(FindCpuCgroups(proc_self_cgroup, mount)));
}

CpuCgroups FindCpuCgroups(absl::string_view proc_self_cgroup,
                          absl::string_view mount) {
  CpuCgroups found;
  for (absl::string_view line : absl::StrSplit(proc_self_cgroup, '\n')) {
    // hierarchy:controllers:path, see cgroups(7).
    const std::vector<absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3 || !absl::StartsWith(parts[2], "/")) continue;
    if (parts[0] == "0" && parts[1].empty()) {
      AppendWithAncestors(std::string(mount), parts[2], &found.v2);
    } else if (NamesCpu(parts[1])) {
      // Mounted as "cpu,cpuacct", with a link "cpu" to it.
      AppendWithAncestors(absl::StrCat(mount, "/cpu"), parts[2], &found.v1);
    }
  }
  return found;
}

std::optional<double> QuotaOfV2(absl::string_view cpu_max) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(cpu_max, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  if (parts.size() != 2) return std::nullopt;
  return QuotaOfV1(parts[0], parts[1]);
}

std::optional<double> QuotaOfV1(absl::string_view quota_us,
                                absl::string_view period_us) {
  int64_t quota = 0;
  int64_t period = 0;
  // "max" (v2) and -1 (v1) set no limit.
  const bool limited =
      absl::SimpleAtoi(absl::StripAsciiWhitespace(quota_us), &quota) &&
      absl::SimpleAtoi(absl::StripAsciiWhitespace(period_us), &period) &&
      quota > 0 && period > 0;
  if (!limited) return std::nullopt;
  return static_cast<double>(quota) / static_cast<double>(period);
}

int CombineCpuLimits(int affinity, const std::vector<double>& quotas) {
  double least = affinity;
  for (const double quota : quotas) least = std::min(least, quota);
  return std::max(1, static_cast<int>(std::ceil(least)));
}

}  // namespace cluster
