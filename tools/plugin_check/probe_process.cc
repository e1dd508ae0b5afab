#include "tools/plugin_check/probe_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/errno_status.h"
#include "core/base/status_macros.h"
#include "core/base/unique_fd.h"
#include "tools/plugin_check/probe/reporter.h"

extern char** environ;

namespace cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Above what the probe's own are moved to.
constexpr int kLowestFd = 10;
constexpr size_t kMaxTextBytes = 1 << 20;
constexpr size_t kShownOutputBytes = 160;

UniqueFd MoveUp(UniqueFd fd) {
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, kLowestFd));
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus("pipe2");
  Pipe made{UniqueFd(ends[0]), MoveUp(UniqueFd(ends[1]))};
  fcntl(made.read.get(), F_SETFL, O_NONBLOCK);
  return made;
}

// A running probe and what it is connected by.
class Child {
 public:
  static absl::StatusOr<Child> Start(const ProbeRequest& request);
  Child(Child&&) = default;

  // Reads until its end or the deadline, kills what is left, and returns the
  // wait status; none if it had to be killed.
  std::optional<int> Finish(milliseconds timeout);

  const std::string& records() const { return records_; }
  const std::string& output() const { return output_; }
  std::string where() const;

 private:
  Child() = default;
  absl::Status Spawn(const ProbeRequest& request);
  static void Drain(int fd, std::string& text);

  Pipe report_;
  Pipe print_;
  UniqueFd where_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::string records_;
  std::string output_;
};

absl::StatusOr<Child> Child::Start(const ProbeRequest& request) {
  Child child;
  ASSIGN_OR_RETURN(child.report_, MakePipe());
  ASSIGN_OR_RETURN(child.print_, MakePipe());
  child.where_ = MoveUp(UniqueFd(memfd_create("probe-where", MFD_CLOEXEC)));
  if (!child.where_ || ftruncate(child.where_.get(), kWhereBytes) != 0) {
    return ErrnoStatus("memfd_create");
  }
  RETURN_IF_ERROR(child.Spawn(request));
  return child;
}

absl::Status Child::Spawn(const ProbeRequest& request) {
  std::vector<std::string> words = ToArguments(request);
  words.insert(words.begin(), {"plugin_check", kProbeRole});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::pair<int, int> moves[] = {{print_.write.get(), STDOUT_FILENO},
                                       {print_.write.get(), STDERR_FILENO},
                                       {report_.write.get(), kReportFd},
                                       {where_.get(), kWhereFd}};
  for (const auto& [from, to] : moves) {
    posix_spawn_file_actions_adddup2(&actions, from, to);
  }
  posix_spawn_file_actions_addopen(
      &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error = posix_spawn(
      &pid_, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return ErrnoStatus(error, "posix_spawn", "/proc/self/exe");
  report_.write.Reset();
  print_.write.Reset();
  pidfd_.Reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  return pidfd_ ? absl::OkStatus() : ErrnoStatus("pidfd_open");
}

void Child::Drain(int fd, std::string& text) {
  char bytes[4096];
  for (ssize_t n; (n = read(fd, bytes, sizeof(bytes))) > 0;) {
    if (text.size() < kMaxTextBytes) text.append(bytes, n);
  }
}

std::optional<int> Child::Finish(milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  bool ended = false;
  while (!ended) {
    const auto left = std::chrono::duration_cast<milliseconds>(
        deadline - steady_clock::now());
    if (left.count() <= 0) break;
    pollfd waits[] = {{pidfd_.get(), POLLIN, 0},
                      {report_.read.get(), POLLIN, 0},
                      {print_.read.get(), POLLIN, 0}};
    // A pipe whose writers have gone would be ready for ever.
    for (pollfd& each : waits) {
      pollfd now = {each.fd, POLLIN, 0};
      if (poll(&now, 1, 0) > 0 && (now.revents & POLLIN) == 0) each.fd = -1;
    }
    poll(waits, std::size(waits), static_cast<int>(left.count()));
    Drain(report_.read.get(), records_);
    Drain(print_.read.get(), output_);
    ended = (waits[0].revents & POLLIN) != 0;
  }
  // It leads a group of its own, which is there until it is waited for.
  kill(-pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  Drain(report_.read.get(), records_);
  Drain(print_.read.get(), output_);
  if (!ended) return std::nullopt;
  return status;
}

std::string Child::where() const {
  char text[kWhereBytes] = "";
  if (pread(where_.get(), text, sizeof(text) - 1, 0) <= 0) return "";
  return text;
}

// The last line that it printed: an allocator's or a sanitizer's complaint.
std::string LastWords(absl::string_view output) {
  output = absl::StripTrailingAsciiWhitespace(output);
  const size_t at = output.rfind('\n');
  std::string line(at == absl::string_view::npos ? output
                                                 : output.substr(at + 1));
  line = line.substr(0, kShownOutputBytes);
  std::replace_if(
      line.begin(),
      line.end(),
      [](unsigned char c) { return c < 0x20 || c == 0x7f; },
      '?');
  return line;
}

void AddDeath(const Child& child,
              std::optional<int> status,
              milliseconds timeout,
              ProbeOutcome& outcome) {
  const std::string words = LastWords(child.output());
  const std::string tail =
      absl::StrCat(" in ",
                   child.where(),
                   words.empty() ? "" : absl::StrCat("; it printed: ", words));
  outcome.died = true;
  if (!status) {
    outcome.findings.emplace_back(
        Finding::kHung,
        absl::StrCat(
            "did not come back within ", timeout.count(), " ms", tail));
  } else if (WIFSIGNALED(*status)) {
    const char* name = sigabbrev_np(WTERMSIG(*status));
    outcome.findings.emplace_back(
        Finding::kCrashed,
        absl::StrCat("crashed by SIG", name != nullptr ? name : "?", tail));
  } else {
    outcome.findings.emplace_back(
        Finding::kExited,
        absl::StrCat(
            "ended the process with code ", WEXITSTATUS(*status), tail));
  }
}

// Returns whether the last record was there.
bool ParseRecords(absl::string_view records, ProbeOutcome& outcome) {
  bool done = false;
  for (const absl::string_view line : absl::StrSplit(records, '\n')) {
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::MaxSplits('\t', 2));
    if (words.size() < 2) continue;
    if (words[0] == "done") done = true;
    if (words[0] == "saw") outcome.functions.insert(words[1]);
    if (words[0] == "asked") outcome.optional_services.insert(words[1]);
    if (words[0] == "skip") outcome.skipped = words[1];
    const auto finding = FindingCalled(words[1]);
    if (words[0] == "finding" && finding && words.size() == 3) {
      outcome.findings.emplace_back(*finding, words[2]);
    }
  }
  return done;
}

}  // namespace

absl::StatusOr<ProbeOutcome> RunProbe(const ProbeRequest& request,
                                      milliseconds timeout) {
  absl::StatusOr<Child> child = Child::Start(request);
  if (!child.ok()) return child.status();
  const std::optional<int> status = child->Finish(timeout);
  ProbeOutcome outcome;
  const bool done = ParseRecords(child->records(), outcome);
  if (!done) AddDeath(*child, status, timeout, outcome);
  if (done && !child->output().empty()) {
    outcome.findings.emplace_back(
        Finding::kPrinted,
        absl::StrCat("printed: ", LastWords(child->output())));
  }
  return outcome;
}

}  // namespace cluster
