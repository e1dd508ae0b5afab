// clusterctl: shows or changes a running host.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/admin/admin_client.h"
#include "tools/clusterctl/command.h"
#include "tools/clusterctl/status_text.h"

namespace cluster {
namespace {

constexpr int kRefused = 1;
constexpr int kUsage = 2;

int Complain(absl::string_view message, int code) {
  std::fprintf(stderr, "clusterctl: %s\n", std::string(message).c_str());
  return code;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Where the person is, also under `bazel run`.
std::string WorkingDirectory() {
  const std::string told = Variable("BUILD_WORKING_DIRECTORY");
  std::error_code error;
  return told.empty() ? std::filesystem::current_path(error).string() : told;
}

int Main(const std::vector<std::string>& words) {
  const absl::StatusOr<Command> command =
      ParseCommand(words, WorkingDirectory(), Variable("CLUSTER_ADMIN"));
  if (!command.ok()) return Complain(command.status().message(), kUsage);
  if (!command->print.empty()) {
    std::fputs(command->print.c_str(), stdout);
    return 0;
  }
  const absl::StatusOr<AdminReply> reply =
      AskHost(command->socket, command->request);
  if (!reply.ok()) return Complain(reply.status().message(), kRefused);
  if (!reply->error.empty()) return Complain(reply->error, kRefused);
  const std::string text =
      command->json ? ToJson(reply->status) : ToTable(reply->status);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace cluster

int main(int argc, char** argv) {
  return cluster::Main({argv + 1, argv + argc});
}
