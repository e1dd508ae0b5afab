#include "tools/policy_lab/service/make_service.h"

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/resolve_path.h"
#include "core/base/status_macros.h"
#include "core/host/flag_value.h"
#include "core/trace/trace_reader.h"
#include "core/trace/trace_row.h"
#include "tools/policy_lab/service/bimodal.h"
#include "tools/policy_lab/service/deterministic.h"
#include "tools/policy_lab/service/exponential.h"
#include "tools/policy_lab/service/hyper_exponential.h"
#include "tools/policy_lab/service/measured.h"
#include "tools/policy_lab/service/pareto.h"
#include "tools/policy_lab/spec.h"

namespace cluster::lab {
namespace {

constexpr char kFlag[] = "--service";
// 128 MB of sizes; more make no other distribution.
constexpr size_t kMaxSizes = 16'000'000;

absl::StatusOr<std::vector<int64_t>> ReadSizes(const std::string& path) {
  ASSIGN_OR_RETURN(TraceReader reader, TraceReader::Open(path));
  std::vector<int64_t> sizes_ns;
  TraceRow row;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, reader.Next(&row));
    if (!more) break;
    if (sizes_ns.size() < kMaxSizes) sizes_ns.push_back(row.service_ns);
  }
  for (const int64_t size_ns : sizes_ns) {
    if (size_ns > 0) return sizes_ns;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, " has no row with a service time above 0"));
}

absl::StatusOr<std::shared_ptr<const Service>> MakeMeasured(
    Spec& spec, const std::string& directory) {
  const std::string file = spec.Text("file");
  if (file.empty()) spec.Fail("names no file: write trace:file=FILE");
  RETURN_IF_ERROR(spec.Finish());
  ASSIGN_OR_RETURN(std::vector<int64_t> sizes_ns,
                   ReadSizes(ResolvePath(directory, file)));
  return std::make_shared<Measured>(std::move(sizes_ns));
}

std::shared_ptr<const Service> MakeHyperExponential(Spec& spec) {
  return std::make_shared<HyperExponential>(spec.Number("cv2", 10, 1, 10'000));
}

std::shared_ptr<const Service> MakePareto(Spec& spec) {
  return std::make_shared<Pareto>(spec.Number("alpha", 2.2, 1.01, 100));
}

std::shared_ptr<const Service> MakeBimodal(Spec& spec) {
  const double share = spec.Share("long", 0.1);
  return std::make_shared<Bimodal>(share, spec.Number("ratio", 10, 1, 1e6));
}

std::shared_ptr<const Service> MakeExponential(Spec&) {
  return std::make_shared<Exponential>();
}

std::shared_ptr<const Service> MakeDeterministic(Spec&) {
  return std::make_shared<Deterministic>();
}

constexpr struct {
  absl::string_view name;
  std::shared_ptr<const Service> (*make)(Spec& spec);
} kServices[] = {
    {"exponential", MakeExponential},
    {"deterministic", MakeDeterministic},
    {"hyperexponential", MakeHyperExponential},
    {"pareto", MakePareto},
    {"bimodal", MakeBimodal},
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Service>> MakeService(
    absl::string_view text, const std::string& directory) {
  ASSIGN_OR_RETURN(Spec spec, Spec::Parse(kFlag, text));
  if (spec.name() == "trace") return MakeMeasured(spec, directory);
  for (const auto& row : kServices) {
    if (row.name != spec.name()) continue;
    std::shared_ptr<const Service> service = row.make(spec);
    RETURN_IF_ERROR(spec.Finish());
    return service;
  }
  return FlagError(kFlag,
                   text,
                   "is unknown: give exponential, deterministic, "
                   "hyperexponential, pareto, bimodal or trace");
}

}  // namespace cluster::lab
