// FlagReader: reads the values of flags one after the other, and keeps the
// first error, so that many can be read before it is looked at.
//
// Thread safety: none.
//
//   FlagReader reader(values, directory);
//   reader.Number("--workers", 1, 10'000, &workers);
//   reader.Duration("--stale", &stale_ns);
//   RETURN_IF_ERROR(reader.status());
#ifndef TOOLS_POLICY_LAB_FLAG_READER_H_
#define TOOLS_POLICY_LAB_FLAG_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/resolve_path.h"
#include "core/host/flag_value.h"
#include "tools/policy_lab/flags.h"
#include "tools/policy_lab/spec.h"

namespace cluster::lab {

class FlagReader {
 public:
  FlagReader(FlagValues values, std::string directory)
      : values_(std::move(values)), directory_(std::move(directory)) {}

  bool Has(const std::string& flag) const { return values_.count(flag) > 0; }

  // The value of a flag, if it was given.
  std::optional<std::string> Text(const std::string& flag) const {
    const auto found = values_.find(flag);
    if (found == values_.end()) return std::nullopt;
    return found->second.front();
  }
  // All values of a flag that may be repeated.
  std::vector<std::string> All(const std::string& flag) const {
    const auto found = values_.find(flag);
    return found == values_.end() ? std::vector<std::string>() : found->second;
  }

  // These leave `out` as it is where the flag was not given.
  void Number(const std::string& flag, uint32_t min, uint32_t max, auto* out) {
    if (const auto text = Text(flag)) {
      Keep(ParseNumber(flag, *text, min, max), out);
    }
  }
  void Duration(const std::string& flag, auto* out) {
    if (const auto text = Text(flag)) Keep(ParseDurationNs(flag, *text), out);
  }
  // A share between two bounds, neither of which it may be.
  void Share(const std::string& flag, double above, double below, double* out) {
    const auto text = Text(flag);
    if (!text) return;
    const absl::StatusOr<double> share = ParseShare(flag, *text);
    Keep(share, out);
    if (share.ok() && !(*share > above && *share < below)) {
      Fail(FlagError(flag,
                     *text,
                     absl::StrCat("is out of range: give more than ",
                                  above,
                                  " and less than ",
                                  below)));
    }
  }
  void Path(const std::string& flag, std::string* out) const {
    if (const auto text = Text(flag)) *out = ResolvePath(directory_, *text);
  }

  // Refuses each of `flags` that was given.
  void Exclude(const std::vector<std::string>& flags, const char* why) {
    for (const std::string& flag : flags) {
      if (!Has(flag)) continue;
      Fail(absl::InvalidArgumentError(absl::StrCat(flag, " ", why)));
    }
  }

  void Fail(const absl::Status& status) { status_.Update(status); }
  const absl::Status& status() const { return status_; }
  const std::string& directory() const { return directory_; }

 private:
  template <typename T>
  void Keep(const absl::StatusOr<T>& value, auto* out) {
    if (value.ok()) {
      *out = *value;
    } else {
      Fail(value.status());
    }
  }

  FlagValues values_;
  std::string directory_;
  absl::Status status_;
};

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_FLAG_READER_H_
