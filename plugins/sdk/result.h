// Status and Result: how the SDK says that something failed. A cluster_status
// with a text, and a value or such a failure.
//
// Thread safety: plain values.
//
//   Result<Timer> timer = host().StartTimer(1s, [] {});
//   if (!timer.ok()) return timer.status();
#ifndef PLUGINS_SDK_RESULT_H_
#define PLUGINS_SDK_RESULT_H_

#include <string>
#include <utility>
#include <variant>

#include "plugins/abi/cluster_plugin.h"

namespace cluster::sdk {

class [[nodiscard]] Status {
 public:
  // Success.
  Status() = default;
  // `code` is one of CLUSTER_E_*; its hundred decides whether the host starts
  // another worker (docs/plugin_abi.md).
  Status(cluster_status code, std::string message)
      : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == CLUSTER_OK; }
  cluster_status code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  cluster_status code_ = CLUSTER_OK;
  std::string message_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::in_place_index<0>, std::move(value)) {}
  // REQUIRES: !failure.ok()
  Result(Status failure) : value_(std::in_place_index<1>, std::move(failure)) {}

  bool ok() const { return value_.index() == 0; }
  Status status() const { return ok() ? Status() : std::get<1>(value_); }

  // REQUIRES: ok()
  T& operator*() & { return *std::get_if<0>(&value_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&value_)); }
  T* operator->() { return std::get_if<0>(&value_); }

 private:
  std::variant<T, Status> value_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_RESULT_H_
