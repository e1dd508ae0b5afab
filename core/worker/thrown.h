// CatchThrown: the one place where exceptions of plugin code end. The contract
// says that none crosses; a table in C++ without the SDK may let one out.
//
// Thread safety: any thread.
//
//   if (const auto thrown = CatchThrown([&] { loop.RunOnce(); }))
//   Fail(*thrown);
#ifndef CORE_WORKER_THROWN_H_
#define CORE_WORKER_THROWN_H_

#include <exception>
#include <optional>
#include <string>

namespace cluster {

// Runs `function`. Returns what it threw, in words; nothing if it came back.
// What it had begun may be left undone: end the process soon.
template <class Function>
std::optional<std::string> CatchThrown(Function&& function) {
  try {
    function();
    return std::nullopt;
  } catch (const std::exception& thrown) {
    return thrown.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

}  // namespace cluster

#endif  // CORE_WORKER_THROWN_H_
