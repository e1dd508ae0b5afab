#include "tests/integration/process_facts.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

std::string ProcPath(pid_t pid, const char* name) {
  return absl::StrCat("/proc/", pid, "/", name);
}

std::vector<int> Descriptors(pid_t pid) {
  std::vector<int> numbers;
  std::error_code error;
  fs::directory_iterator at(ProcPath(pid, "fd"), error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    numbers.push_back(std::atoi(at->path().filename().c_str()));
  }
  return numbers;
}

// Nanoseconds on a CPU, then nanoseconds waiting for one.
absl::Duration SchedulerTime(pid_t pid, int field) {
  std::ifstream file(ProcPath(pid, "schedstat"));
  int64_t ns = 0;
  for (int i = 0; i <= field; ++i) file >> ns;
  return absl::Nanoseconds(ns);
}

}  // namespace

size_t OpenDescriptors(pid_t pid) { return Descriptors(pid).size(); }

int HighestDescriptor(pid_t pid) {
  const std::vector<int> numbers = Descriptors(pid);
  return numbers.empty() ? -1
                         : *std::max_element(numbers.begin(), numbers.end());
}

absl::Duration CpuTime(pid_t pid) { return SchedulerTime(pid, 0); }

absl::Duration WaitedForCpu(pid_t pid) { return SchedulerTime(pid, 1); }

std::string StatusField(pid_t pid, const std::string& name) {
  std::ifstream file(ProcPath(pid, "status"));
  const std::string start = name + ":";
  for (std::string line; std::getline(file, line);) {
    if (!absl::StartsWith(line, start)) continue;
    return std::string(
        absl::StripAsciiWhitespace(absl::StripPrefix(line, start)));
  }
  return "";
}

bool Exists(pid_t pid) { return kill(pid, 0) == 0; }

bool IsStopped(pid_t pid) {
  std::error_code error;
  fs::directory_iterator at(ProcPath(pid, "task"), error);
  bool any = false;
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const pid_t thread = std::atoi(at->path().filename().c_str());
    if (!absl::StartsWith(StatusField(thread, "State"), "T")) return false;
    any = true;
  }
  return any;
}

std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::ifstream file(
      ProcPath(pid, absl::StrCat("task/", pid, "/children").c_str()));
  std::vector<pid_t> children;
  for (pid_t child; file >> child;) children.push_back(child);
  return children;
}

bool AwaitTrue(absl::FunctionRef<bool()> fact, absl::Duration limit) {
  const absl::Time end = absl::Now() + limit;
  while (!fact()) {
    if (absl::Now() > end) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace cluster
