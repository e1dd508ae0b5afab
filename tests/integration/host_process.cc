#include "tests/integration/host_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tests/integration/process_facts.h"

namespace cluster {
namespace {

// Where inherited descriptors wait until all numbers are free to be taken.
constexpr int kInheritedBase = 200;

std::string Runfile(absl::string_view path) {
  return absl::StrCat(std::getenv("TEST_SRCDIR"), "/cluster/", path);
}

bool HasFlag(const std::vector<std::string>& arguments, const char* name) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const auto& each) {
    return absl::StartsWith(each, name);
  });
}

std::vector<std::string> Complete(std::vector<std::string> arguments) {
  if (!HasFlag(arguments, "--log_format")) {
    arguments.insert(arguments.begin(), "--log_format=json");
  }
  if (!HasFlag(arguments, "--listen")) {
    arguments.insert(arguments.begin(), "--listen=127.0.0.1:0");
  }
  if (!HasFlag(arguments, "--policy") && !HasFlag(arguments, "--data_path")) {
    arguments.insert(arguments.begin(), "--policy=round_robin");
  }
  arguments.insert(arguments.begin(), Runfile("core/host/host"));
  return arguments;
}

// The line that says where it serves, "" if it is not there yet. What workers
// print may come before.
std::string ServingLine(const std::string& output) {
  for (size_t begin = 0, end;
       (end = output.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    const std::string line = output.substr(begin, end - begin);
    if (absl::StartsWith(line, "Serving ")) return line;
  }
  return "";
}

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

Pipe MakePipe() {
  int fds[2] = {-1, -1};
  if (pipe2(fds, O_CLOEXEC) != 0) std::perror("pipe2");
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// Workers whose primary died become the test's children, so that none can hide;
// and thousands of clients need descriptors.
void PrepareTestProcess() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

std::string TestPlugin(absl::string_view name) {
  return Runfile(absl::StrCat("tests/plugins/", name, ".so"));
}

HostProcess::HostProcess(std::vector<std::string> arguments,
                         Inherited inherited)
    : stop_(eventfd(0, EFD_CLOEXEC)) {
  PrepareTestProcess();
  Start(Complete(std::move(arguments)), inherited);
  reader_ = std::thread([this] { ReadUntilEnd(); });
}

void HostProcess::Start(const std::vector<std::string>& arguments,
                        const Inherited& inherited) {
  Pipe output = MakePipe();
  Pipe error_output = MakePipe();
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    // Only calls that are safe after a fork.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(output.writer.get(), STDOUT_FILENO);
    dup2(error_output.writer.get(), STDERR_FILENO);
    for (const auto& [ours, number] : inherited) {
      dup2(ours, kInheritedBase + number);  // not onto another of ours
    }
    for (const auto& [ours, number] : inherited) {
      dup2(kInheritedBase + number, number);
      close(kInheritedBase + number);
    }
    execv(argv[0], argv.data());
    _exit(126);
  }
  pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  output_reader_ = std::move(output.reader);
  error_reader_ = std::move(error_output.reader);
}

HostProcess::~HostProcess() {
  if (!exit_) {
    Signal(SIGKILL);
    AwaitExit();
  }
  if (exit_ == -SIGKILL) AwaitOrphans();
  EXPECT_EQ(KillOrphans(), 0) << "workers outlived the host";
  eventfd_write(stop_.get(), 1);
  reader_.join();
  if (testing::Test::HasFailure()) {
    std::fprintf(stderr, "--- the host's log\n%s---\n", error_output_.c_str());
  }
}

bool HostProcess::AwaitOrphans() {
  std::set<pid_t> continued;
  return AwaitTrue([&] {
    // Asked each time: the log of a host that was killed may not be read yet.
    const std::map<uint32_t, pid_t> workers = Workers();
    for (const auto& [id, pid] : workers) {
      // Once, and to no other: it would undo the stop by which the leak
      // sanitizer looks at a process that ends, and hang it.
      if (IsStopped(pid) && continued.insert(pid).second) kill(pid, SIGCONT);
    }
    const bool gone =
        std::none_of(workers.begin(), workers.end(), [](const auto& each) {
          waitpid(each.second, nullptr, WNOHANG);
          return Exists(each.second);
        });
    // A worker that is not in the log yet holds the writing end of it.
    return gone && Await([this] { return ended_; }, absl::ZeroDuration());
  });
}

int HostProcess::KillOrphans() {
  int killed = 0;
  for (const LogLine& line : Log()) {
    if (!line.IsEvent("fork") || !Exists(line.pid)) continue;
    kill(line.pid, SIGKILL);
    waitpid(line.pid, nullptr, 0);
    ++killed;
  }
  return killed;
}

// ---- Reading

void HostProcess::ReadUntilEnd() {
  std::array<pollfd, 3> watched = {pollfd{output_reader_.get(), POLLIN, 0},
                                   pollfd{error_reader_.get(), POLLIN, 0},
                                   pollfd{stop_.get(), POLLIN, 0}};
  std::array<char, 64 << 10> buffer;
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[2].revents != 0) break;
    for (size_t i = 0; i < 2; ++i) {
      if (watched[i].revents == 0) continue;
      const ssize_t count = read(watched[i].fd, buffer.data(), buffer.size());
      if (count <= 0) watched[i].fd = -1;
      if (count > 0) Take(i == 1, {buffer.data(), static_cast<size_t>(count)});
    }
  }
  std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void HostProcess::Take(bool is_error, absl::string_view bytes) {
  std::lock_guard lock(mutex_);
  (is_error ? error_output_ : output_).append(bytes.data(), bytes.size());
  while (is_error) {
    const size_t end = error_output_.find('\n', parsed_);
    if (end == std::string::npos) break;
    const absl::string_view line(&error_output_[parsed_], end - parsed_);
    log_.push_back(ParseLogLine(line));
    parsed_ = end + 1;
  }
  changed_.notify_all();
}

bool HostProcess::Await(const std::function<bool()>& fact,
                        absl::Duration limit) {
  std::unique_lock lock(mutex_);
  // By the system's clock: TSan does not know how waits for the other are done.
  return changed_.wait_until(
      lock,
      std::chrono::system_clock::now() + absl::ToChronoNanoseconds(limit),
      fact);
}

bool HostProcess::AwaitLog(
    const std::function<bool(const std::vector<LogLine>&)>& enough,
    absl::Duration limit) {
  return Await([&] { return enough(log_); }, limit);
}

bool HostProcess::AwaitEvent(absl::string_view name,
                             size_t count,
                             absl::Duration limit) {
  return AwaitLog(
      [&](const std::vector<LogLine>& log) {
        return std::count_if(log.begin(), log.end(), [&](const LogLine& line) {
                 return line.IsEvent(name);
               }) >= static_cast<ptrdiff_t>(count);
      },
      limit);
}

testing::AssertionResult HostProcess::AwaitServing(uint32_t workers) {
  const bool serves = Await(
      [&] {
        std::set<uint32_t> listening;
        for (const LogLine& line : log_) {
          if (line.IsEvent("listening")) listening.insert(line.worker_id);
        }
        return !ServingLine(output_).empty() && listening.size() >= workers;
      },
      Deadline());
  if (serves) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "it does not serve; it printed\n"
                                     << Output() << ErrorOutput();
}

uint16_t HostProcess::port(size_t n) {
  // "Serving NAME on ADDRESS, ADDRESS"; an HTTP plugin's are URLs.
  const std::string line = ServingLine(Output());
  const size_t on = line.find(" on ");
  if (on == std::string::npos) return 0;
  std::vector<std::string> addresses =
      absl::StrSplit(line.substr(on + 4), ", ");
  std::erase_if(addresses, [](const std::string& address) {
    return absl::StartsWith(address, "unix:");
  });
  if (n >= addresses.size()) return 0;
  const absl::string_view address = absl::StripSuffix(addresses[n], "/");
  int port = 0;
  (void)absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port);
  return static_cast<uint16_t>(port);
}

std::vector<LogLine> HostProcess::Log() {
  std::lock_guard lock(mutex_);
  return log_;
}

std::vector<LogLine> HostProcess::LogOf(uint32_t worker_id) {
  std::vector<LogLine> lines = Log();
  std::erase_if(
      lines, [&](const LogLine& line) { return line.worker_id != worker_id; });
  return lines;
}

size_t HostProcess::CountEvents(absl::string_view name) {
  const std::vector<LogLine> lines = Log();
  return static_cast<size_t>(
      std::count_if(lines.begin(), lines.end(), [&](const LogLine& line) {
        return line.IsEvent(name);
      }));
}

std::map<uint32_t, pid_t> HostProcess::Workers() {
  std::map<uint32_t, pid_t> workers;
  for (const LogLine& line : Log()) {
    if (line.IsEvent("fork")) workers[line.worker_id] = line.pid;
    if (line.IsEvent("exit")) workers.erase(line.worker_id);
  }
  return workers;
}

uint32_t HostProcess::WorkerOf(pid_t pid) {
  for (const LogLine& line : Log()) {
    if (line.IsEvent("fork") && line.pid == pid) return line.worker_id;
  }
  return 0;
}

std::optional<Books> HostProcess::FinalBooks() {
  for (const LogLine& line : Log()) {
    if (const std::optional<Books> books = ParseBooks(line)) return books;
  }
  return std::nullopt;
}

std::string HostProcess::Output() {
  std::lock_guard lock(mutex_);
  return output_;
}

std::string HostProcess::ErrorOutput() {
  std::lock_guard lock(mutex_);
  return error_output_;
}

// ---- The end

void HostProcess::Signal(int signal) { kill(pid_, signal); }

std::optional<int> HostProcess::AwaitExit(absl::Duration limit) {
  if (exit_) return exit_;
  pollfd ended = {pidfd_.get(), POLLIN, 0};
  if (poll(&ended, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) <=
      0) {
    return std::nullopt;
  }
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  exit_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  // A worker that is left holds the writing ends: the destructor tells.
  Await([this] { return ended_; }, absl::Seconds(exit_ == -SIGKILL ? 0 : 2));
  return exit_;
}

Books HostProcess::EndCleanly() {
  Signal(SIGTERM);
  EXPECT_EQ(AwaitExit(), 0);
  EXPECT_EQ(KillOrphans(), 0) << "workers outlived the host";
  const std::optional<Books> books = FinalBooks();
  EXPECT_TRUE(books.has_value()) << "no line about the connections";
  if (!books) return Books();
  EXPECT_TRUE(books->balance())
      << "accepted " << books->accepted << ", live " << books->live;
  return *books;
}

}  // namespace cluster
