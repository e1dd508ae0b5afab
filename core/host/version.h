// The version of this project; CHANGELOG.md says what each brought.
#ifndef CORE_HOST_VERSION_H_
#define CORE_HOST_VERSION_H_

namespace cluster {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace cluster

#endif  // CORE_HOST_VERSION_H_
