// Listeners: which addresses this worker serves, more of them, and fewer
// (cluster.listener/1). A small handle; copy it.
//
// A plugin that uses it requires the service:
//   {.required_services = {CLUSTER_SERVICE_LISTENER_V1}}
//
// Thread safety: loop thread only.
// Lifetime: as Host.
//
//   Listeners(host()).Listen("127.0.0.1:0", {}, [](Result<uint32_t> listener) {
//     if (listener.ok()) ...
//   });
#ifndef PLUGINS_SDK_LISTENERS_H_
#define PLUGINS_SDK_LISTENERS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/abi/cluster_plugin.h"
#include "plugins/sdk/host.h"
#include "plugins/sdk/owed_calls.h"
#include "plugins/sdk/result.h"
#include "plugins/sdk/services.h"

namespace cluster::sdk {

struct ListenerInfo {
  uint32_t listener = 0;
  bool datagram = false;
  cluster_address address = {};
  std::string_view text;  // lives as long as the process
};

struct ListenOptions {
  uint32_t flags = 0;   // CLUSTER_LISTEN_*
  int32_t backlog = 0;  // 0: the host's
};

class Listeners {
 public:
  // Called once, from the loop: with the number, or why there is none. Not
  // where the worker stops before; then it ends after OnStop.
  using Done = std::function<void(Result<uint32_t> listener)>;

  explicit Listeners(const Host& host) : services_(&host.services()) {}

  // Every listener's number is below it.
  uint32_t count() const {
    return services_->listener.count == nullptr
               ? 0
               : services_->listener.count(services_->host);
  }

  // CLUSTER_E_INVALID: there is no such listener.
  Result<ListenerInfo> Info(uint32_t listener) const {
    if (services_->listener.info == nullptr) return Missing();
    cluster_listener_info info = {};
    info.size = sizeof(info);
    const cluster_status code =
        services_->listener.info(services_->host, listener, &info);
    if (code != CLUSTER_OK) return Status(code, "no such listener");
    return ListenerInfo{.listener = listener,
                        .datagram = info.kind == CLUSTER_LISTENER_DATAGRAM,
                        .address = info.address,
                        .text = {info.text.data, info.text.size}};
  }

  // Asks to listen at `address`, in numbers or a Unix path. A failure here
  // means that `done` is not called.
  Status Listen(std::string_view address,
                const ListenOptions& options,
                Done done) const {
    if (services_->listener.listen == nullptr) return Missing();
    auto request = std::make_unique<Request>(*services_, std::move(done));
    const cluster_listen_options given = {.size = sizeof(given),
                                          .flags = options.flags,
                                          .backlog = options.backlog,
                                          .reserved = 0};
    Request* const ctx = request.get();
    const uint64_t key = services_->owed->Keep(std::move(request));
    const cluster_status code =
        services_->listener.listen(services_->host,
                                   {address.data(), address.size()},
                                   &given,
                                   &OnDone,
                                   ctx);
    if (code == CLUSTER_OK) return Status();
    services_->owed->Take(key);
    return Status(code, "cannot ask to listen");
  }

  // Serves it no more; other workers go on.
  Status Close(uint32_t listener) const {
    if (services_->listener.close == nullptr) return Missing();
    const cluster_status code =
        services_->listener.close(services_->host, listener);
    return code == CLUSTER_OK ? Status() : Status(code, "cannot close");
  }

 private:
  struct Request : OwedCalls::Call {
    Request(const Services& services, Done done)
        : services(services), done(std::move(done)) {}

    const Services& services;
    Done done;
  };

  static Status Missing() {
    return Status(CLUSTER_E_UNSUPPORTED,
                  "this host has no " CLUSTER_SERVICE_LISTENER_V1);
  }

  static void OnDone(void* ctx,
                     cluster_status status,
                     uint32_t listener,
                     const cluster_error* error) noexcept {
    Request& request = *static_cast<Request*>(ctx);
    const auto kept = request.services.owed->Take(request.key);
    CatchAll(request.services, "an answer to Listen", [&] {
      if (status == CLUSTER_OK) return request.done(listener);
      request.done(Status(status, error == nullptr ? "" : error->message));
    });
  }

  const Services* services_;
};

}  // namespace cluster::sdk

#endif  // PLUGINS_SDK_LISTENERS_H_
