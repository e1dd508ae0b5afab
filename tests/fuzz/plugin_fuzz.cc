// Fuzz target for ParsePlugin, and with it ElfImage. The input is the file.
//
// Beyond the sanitizers' rules it demands:
//   - a refusal is kInvalidArgument, and one line that names the file
//   - what is taken is text that a terminal can show, within its fields
//   - a check against a host says yes or kFailedPrecondition
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "plugins/host/plugin_file.h"

namespace cluster {
namespace {

void Demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

bool IsPrintable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c >= 0x20 && c <= 0x7e;
  });
}

void DemandOneLine(const absl::Status& status, absl::StatusCode code) {
  Demand(status.code() == code, "refused with the code for it");
  Demand(IsPrintable(std::string(status.message())), "a line of text");
  Demand(absl::StartsWith(status.message(), "x.so "), "which names the file");
}

void Check(std::span<const std::byte> file) {
  const absl::StatusOr<PluginInfo> info = ParsePlugin(file, "x.so");
  if (!info.ok()) {
    return DemandOneLine(info.status(), absl::StatusCode::kInvalidArgument);
  }
  Demand(IsPrintable(info->name) && info->name.size() <= 48, "name");
  Demand(IsPrintable(info->version) && info->version.size() <= 24, "version");
  Demand(IsPrintable(info->compiler) && info->compiler.size() <= 64,
         "compiler");
  Demand(info->build_id.size() <= 128, "build id");
  for (const std::string& service : info->required_services) {
    Demand(!service.empty() && IsPrintable(service), "service");
  }
  const absl::Status fits = CheckCompatible(*info, "x.so");
  if (!fits.ok()) {
    DemandOneLine(fits, absl::StatusCode::kFailedPrecondition);
  }
}

}  // namespace
}  // namespace cluster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cluster::Check(std::as_bytes(std::span(data, size)));
  return 0;
}
