#include "tests/conformance/listening_fixture.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <set>
#include <sstream>
#include <utility>

namespace cluster {

std::string WordOf(const std::string& line, size_t index) {
  std::istringstream words(line);
  std::string word;
  for (size_t i = 0; i <= index; ++i) {
    if (!(words >> word)) return "";
  }
  return word;
}

ListeningTest::ListeningTest(ClusterOptions options)
    : ClusterTest((options.io = &io_, options)) {
  cluster_.on(events::listening, [this](Worker& worker, const Address& at) {
    listening_.push_back(std::to_string(worker.id()) + " " + at.address + " " +
                         std::to_string(at.port) + " " + at.type);
  });
}

ListeningTest::~ListeningTest() {
  for (const auto& [id, worker] : cluster_.workers()) worker->kill(SIGKILL);
  (void)cluster_.run();
}

std::shared_ptr<Worker> ListeningTest::Start(Settings settings) {
  if (!settings.args.has_value()) settings.args = {{"obey"}};
  settings.stdio = {
      {Stdio::pipe(), Stdio::pipe(), Stdio::inherit(), Stdio::ipc()}};
  const auto worker = cluster_.fork({.settings = std::move(settings)});
  EXPECT_TRUE(worker->status().ok()) << worker->status();
  RunUntil([&] { return worker->state() != WorkerState::kNone; });
  return worker;
}

std::vector<std::shared_ptr<Worker>> ListeningTest::Start(int count) {
  std::vector<std::shared_ptr<Worker>> workers;
  for (int i = 0; i < count; ++i) workers.push_back(Start());
  return workers;
}

void ListeningTest::RunUntil(const std::function<bool()>& done) {
  while (!done()) {
    if (io_.stopped()) io_.restart();
    io_.run_one_for(std::chrono::milliseconds(10));
  }
}

void ListeningTest::RunUntilDead(const std::shared_ptr<Worker>& worker) {
  RunUntil([&] { return worker->is_dead() && !worker->is_connected(); });
}

void ListeningTest::Tell(const std::shared_ptr<Worker>& worker,
                         const std::string& lines) {
  worker->process().stream(0)->write(lines + "\n");
}

std::string ListeningTest::Await(const std::shared_ptr<Worker>& worker,
                                 const std::string& prefix) {
  std::string found;
  size_t end = 0;
  RunUntil([&] {
    const std::string text = "\n" + Printed(worker->id());
    const size_t at = text.find("\n" + prefix, seen_[worker->id()]);
    end = at == std::string::npos ? at : text.find('\n', at + 1);
    if (end == std::string::npos) return worker->is_dead();
    found = text.substr(at + 1, end - at - 1);
    return true;
  });
  if (found.empty()) {
    ADD_FAILURE() << "no line '" << prefix << "' in: " << Printed(worker->id());
    return "";
  }
  seen_[worker->id()] = end;
  return found;
}

bool ListeningTest::HasSaid(const std::shared_ptr<Worker>& worker,
                            const std::string& prefix) {
  return ("\n" + Printed(worker->id())).find("\n" + prefix) !=
         std::string::npos;
}

std::string ListeningTest::Ask(const std::shared_ptr<Worker>& worker,
                               const std::string& lines,
                               const std::string& prefix) {
  Tell(worker, lines);
  return Await(worker, prefix);
}

int ListeningTest::Listen(const std::shared_ptr<Worker>& worker,
                          const std::string& what) {
  const std::string name = WordOf(what, 1);
  Tell(worker, what);
  for (;;) {
    // Of an earlier close, there may be more.
    const std::string line = Await(worker, name + " ");
    if (WordOf(line, 1) == "listening") return PortIn(line);
    if (line.empty() || WordOf(line, 1) == "error") return -1;
  }
}

uint32_t ListeningTest::Greeting(int fd) {
  if (fd < 0) return 0;  // it was refused
  pollfd one = {.fd = fd, .events = POLLIN, .revents = 0};
  RunUntil([&] { return poll(&one, 1, 0) == 1; });
  char text[16] = {};
  if (recv(fd, text, sizeof(text) - 1, 0) <= 0) return 0;
  return static_cast<uint32_t>(std::atoi(text));
}

uint32_t ListeningTest::ServedBy(int port) {
  const Client client(port);
  EXPECT_TRUE(client.connected());
  return client.connected() ? Greeting(client.fd()) : 0;
}

void ListeningTest::AwaitBothServe(int port) {
  std::set<uint32_t> served;
  while (served.size() < 2 && !HasFailure()) served.insert(ServedBy(port));
}

void ListeningTest::AwaitRefused(int port) {
  RunUntil([&] { return !Client(port).connected(); });
}

}  // namespace cluster
