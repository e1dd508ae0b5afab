// CLUSTER_PLUGIN_ON_CONNECTION and CLUSTER_PLUGIN_HOOKS: a plugin from a
// handful of lambdas, where a class would be mostly ceremony.
//
// The lambdas capture nothing: their types are all that is kept. What has to
// live on from one call to the next is a variable of the plugin's (a process
// has one worker); end it in on_stop, before the host goes. Otherwise all is as
// with Worker (plugins/sdk/worker.h): the calls come on the process's main
// thread, what they throw is logged and fails what it was for.
//
//   CLUSTER_PLUGIN_ON_CONNECTION(
//       {.name = "hello", .version = "1.0"},
//       [](const cluster::sdk::Host&, cluster::sdk::Connection connection) {
//         ::send(connection.fd(), "hello\n", 6, MSG_NOSIGNAL);
//       });
#ifndef PLUGINS_SDK_LAMBDA_WORKER_H_
#define PLUGINS_SDK_LAMBDA_WORKER_H_

#include <type_traits>
#include <utility>

#include "plugins/sdk/connection.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/plugin_options.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/worker.h"

namespace cluster::sdk {

namespace internal {

enum class HookName { kConnection, kStart, kDrain, kStop };

// A lambda and what it is for.
template <HookName kName, typename F>
struct Hook {
  static_assert(std::is_empty_v<F> && std::is_default_constructible_v<F>,
                "a plugin's lambdas capture nothing: write [], and keep what "
                "lives on in a variable of the plugin's");
  static constexpr HookName name = kName;
  using Function = F;
};

// Makes one by assignment.
template <HookName kName>
struct HookMaker {
  template <typename F>
  constexpr Hook<kName, F> operator=(F) const {
    return {};
  }
};

}  // namespace internal

// [](const Host&, Connection) {...}; required.
inline constexpr internal::HookMaker<internal::HookName::kConnection>
    on_connection;
// [](const Host&) {...}, which may return a Status.
inline constexpr internal::HookMaker<internal::HookName::kStart> on_start;
// [](const Host&, const Drain&) {...}
inline constexpr internal::HookMaker<internal::HookName::kDrain> on_drain;
// [](const Host&) {...}
inline constexpr internal::HookMaker<internal::HookName::kStop> on_stop;

namespace internal {

// The worker whose functions are the hooks.
template <typename... Hooks>
class LambdaWorker : public Worker {
  template <HookName kName>
  static constexpr int kCount = ((Hooks::name == kName) + ... + 0);
  static_assert(kCount<HookName::kConnection> == 1 &&
                    kCount<HookName::kStart> <= 1 &&
                    kCount<HookName::kDrain> <= 1 &&
                    kCount<HookName::kStop> <= 1,
                "give on_connection, and each of the others at most once");

 public:
  using Worker::Worker;

  Status OnStart() override {
    Status status;
    Call<HookName::kStart>([&](auto function) {
      if constexpr (std::is_void_v<decltype(function(host()))>) {
        function(host());
      } else {
        status = function(host());
      }
    });
    return status;
  }

  void OnConnection(Connection connection) override {
    Call<HookName::kConnection>(
        [&](auto function) { function(host(), std::move(connection)); });
  }

  void OnDrain(const Drain& drain) override {
    Call<HookName::kDrain>([&](auto function) { function(host(), drain); });
  }

  void OnStop() override {
    Call<HookName::kStop>([&](auto function) { function(host()); });
  }

 private:
  // Calls `with` with the lambda for `kName`, if there is one.
  template <HookName kName, typename With>
  void Call(const With& with) {
    const auto try_one = [&]<typename H>(std::type_identity<H>) {
      if constexpr (H::name == kName) with(typename H::Function{});
    };
    (try_one(std::type_identity<Hooks>()), ...);
  }
};

// The arguments of the macros, of which a macro itself sees only commas.
template <typename... Hooks>
struct LambdaPlugin {
  using Type = LambdaWorker<Hooks...>;
  PluginOptions options;
};

template <typename F>
consteval auto PluginOnConnection(PluginOptions options, F) {
  return LambdaPlugin<Hook<HookName::kConnection, F>>{options};
}

template <typename... Hooks>
consteval LambdaPlugin<Hooks...> PluginOfHooks(PluginOptions options,
                                               Hooks...) {
  return {options};
}

}  // namespace internal

}  // namespace cluster::sdk

#define CLUSTER_LAMBDA_PLUGIN_(function, ...)                   \
  namespace {                                                   \
  constexpr auto cluster_lambda_ =                              \
      ::cluster::sdk::internal::function(__VA_ARGS__);          \
  using ClusterLambdaWorker_ = decltype(cluster_lambda_)::Type; \
  }                                                             \
  CLUSTER_PLUGIN(ClusterLambdaWorker_, cluster_lambda_.options)

// Defines a plugin, once, at global scope: the initialiser of a
// cluster::sdk::PluginOptions, and what to do with a connection.
#define CLUSTER_PLUGIN_ON_CONNECTION(...) \
  CLUSTER_LAMBDA_PLUGIN_(PluginOnConnection, __VA_ARGS__)

// The same with hooks by name, in any order:
//
//   namespace sdk = cluster::sdk;
//   CLUSTER_PLUGIN_HOOKS({.name = "hello", .version = "1.0"},
//                        sdk::on_start = [](const sdk::Host& host) {...},
//                        sdk::on_connection = [](const sdk::Host& host,
//                                                sdk::Connection c) {...});
#define CLUSTER_PLUGIN_HOOKS(...) \
  CLUSTER_LAMBDA_PLUGIN_(PluginOfHooks, __VA_ARGS__)

#endif  // PLUGINS_SDK_LAMBDA_WORKER_H_
