// RETURN_IF_ERROR and ASSIGN_OR_RETURN: pass a failed absl::Status upwards.
//
//   RETURN_IF_ERROR(channel.Flush());
//   ASSIGN_OR_RETURN(UniqueFd fd, OpenListener(address));
#ifndef CORE_BASE_STATUS_MACROS_H_
#define CORE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RETURN_IF_ERROR(expression)                           \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) { \
      return status_;                                         \
    }                                                         \
  } while (false)

#define CLUSTER_CONCAT_INNER_(a, b) a##b
#define CLUSTER_CONCAT_(a, b) CLUSTER_CONCAT_INNER_(a, b)

#define ASSIGN_OR_RETURN(declaration, expression) \
  CLUSTER_ASSIGN_OR_RETURN_(                      \
      CLUSTER_CONCAT_(result_, __LINE__), declaration, expression)

#define CLUSTER_ASSIGN_OR_RETURN_(result, declaration, expression) \
  auto result = (expression);                                      \
  if (!result.ok()) return std::move(result).status();             \
  declaration = *std::move(result)

#endif  // CORE_BASE_STATUS_MACROS_H_
