#include "tests/conformance/cluster_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tests/conformance/worker_program.h"

namespace cluster {
namespace {

char program[] = "program";
char* no_arguments[] = {program, nullptr};

}  // namespace

ClusterTest::ClusterTest() : ClusterTest(ClusterOptions()) {}

ClusterTest::ClusterTest(const ClusterOptions& options)
    : cluster_(1, no_arguments, options) {
  KeepOutput();
}

void ClusterTest::KeepOutput() {
  cluster_.on(events::fork, [this](Worker& worker) {
    const std::shared_ptr<Stream> output = worker.process().stream(1);
    if (output == nullptr) return;
    output->on_data([this, id = worker.id()](std::string_view text) {
      printed_[id].append(text);
      // A copy, for it may put another in its place.
      if (const auto told = on_printed_) told();
    });
  });
}

Settings ClusterTest::Does(std::vector<std::string> does) {
  return {
      .args = std::move(does),
      .stdio = {
          {Stdio::inherit(), Stdio::pipe(), Stdio::inherit(), Stdio::ipc()}}};
}

std::shared_ptr<Worker> ClusterTest::Fork(std::vector<std::string> does,
                                          Env env) {
  return cluster_.fork(
      {.env = std::move(env), .settings = Does(std::move(does))});
}

std::string ClusterTest::TextOf(const Message& message) {
  const absl::StatusOr<Value> value = message.value();
  const std::string* const text =
      value.ok() ? value->As<std::string>() : nullptr;
  return text == nullptr ? "" : *text;
}

void ClusterTest::LogEvents() {
  const auto note = [this](const char* event) {
    return [this, event](Worker& worker) {
      log_.push_back(absl::StrCat(event, " ", worker.id()));
    };
  };
  cluster_.on(events::fork, note("fork"));
  cluster_.on(events::online, note("online"));
  cluster_.on(events::disconnect, note("disconnect"));
  cluster_.on(events::listening, [this](Worker& worker, const Address&) {
    log_.push_back(absl::StrCat("listening ", worker.id()));
  });
  cluster_.on(events::exit, [this](Worker& worker, int code, int signal) {
    log_.push_back(absl::StrCat("exit ", worker.id(), " ", code, " ", signal));
  });
  cluster_.on(events::error, [this](Worker& worker, const absl::Status&) {
    log_.push_back(absl::StrCat("error ", worker.id()));
  });
}

Client::Client(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
      0) {
    Close();
  }
}

Client::~Client() { Close(); }

std::string Client::ReadAll() {
  std::string got;
  char buffer[256];
  ssize_t count;
  while ((count = recv(fd_, buffer, sizeof(buffer), 0)) > 0) {
    got.append(buffer, static_cast<size_t>(count));
  }
  return got;
}

std::string Client::ReadLine() {
  std::string got;
  char byte;
  while (recv(fd_, &byte, 1, 0) == 1) {
    got.push_back(byte);
    if (byte == '\n') break;
  }
  return got;
}

bool Client::IsOpen() const {
  char buffer[256];
  ssize_t count;
  while ((count = recv(fd_, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
  }
  return count < 0 && errno == EAGAIN;
}

void Client::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace cluster

int main(int argc, char** argv) {
  {
    cluster::Cluster role(argc, argv);
    if (role.is_worker()) return cluster::WorkerProgram(role, argc, argv);
  }
  if (argc > 1 && cluster::IsOtherProgram(argv[1])) {
    return cluster::OtherProgram(argc, argv);
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
