// dns: an authoritative name server for one zone, over UDP and TCP on the
// host's loop. plugins/dns/README.md has its settings.
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "plugins/dns/name.h"
#include "plugins/dns/rdata_text.h"
#include "plugins/dns/responder.h"
#include "plugins/dns/tcp_session.h"
#include "plugins/dns/udp_server.h"
#include "plugins/dns/zone.h"
#include "plugins/dns/zone_file.h"
#include "plugins/sdk/listeners.h"
#include "plugins/sdk/worker.h"

namespace cluster::dns {
namespace {

// A client that is silent for one to two of these is disconnected.
constexpr std::chrono::seconds kIdleSweep{5};
constexpr uint32_t kMinUdpBytes = 512;
constexpr uint32_t kMaxUdpBytes = 65507;

sdk::Status ConfigError(std::string message) {
  return sdk::Status(CLUSTER_E_CONFIG, std::move(message));
}

// Relative paths begin where the command was typed, also under `bazel run`.
std::string PathOf(std::string_view path) {
  const char* const directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (directory == nullptr || path.starts_with('/')) return std::string(path);
  return std::string(directory) + "/" + std::string(path);
}

// By read(), which says that it failed, as in a folder; an iterator throws.
sdk::Result<std::string> ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 16 << 10> part;
  do {
    file.read(part.data(), part.size());
    text.append(part.data(), file.gcount());
  } while (file);
  if (file.eof()) return text;
  return ConfigError("cannot read the zone file " + path + ": " +
                     std::generic_category().message(errno));
}

}  // namespace

class Dns : public sdk::Worker {
 public:
  using Worker::Worker;

  sdk::Status OnStart() override {
    if (sdk::Status status = LoadZone(); !status.ok()) return status;
    uint16_t udp_bytes = Responder::kDefaultUdpBytes;
    if (const auto setting = host().Config("udp_size")) {
      const auto number = ParseDecimal(*setting, kMaxUdpBytes);
      if (!number || *number < kMinUdpBytes) {
        return ConfigError("udp_size is " + std::string(*setting) +
                           "; it has to be 512 to 65507 bytes");
      }
      udp_bytes = static_cast<uint16_t>(*number);
    }
    responder_.emplace(*zone_, udp_bytes);
    if (sdk::Status status = ServeDatagrams(); !status.ok()) return status;
    host().Log(CLUSTER_LOG_DEBUG,
               "zone " + zone_->origin().ToText() + ": " +
                   std::to_string(zone_->record_count()) + " records");
    return StartSweep();
  }

  void OnConnection(sdk::Connection connection) override {
    const uint64_t id = connection.id();
    auto session =
        std::make_unique<TcpSession>(std::move(connection), *responder_);
    const sdk::Status status =
        session->Start(host(), [this, id] { sessions_.erase(id); });
    if (status.ok()) sessions_.emplace(id, std::move(session));
    if (!sweeping_) static_cast<void>(StartSweep());
  }

  void OnDrain(const sdk::Drain&) override {
    for (const auto& server : servers_) server->Drain();
    std::erase_if(sessions_, [](auto& each) { return each.second->Drain(); });
  }

  void OnStop() override {
    sweep_.Cancel();
    servers_.clear();
    sessions_.clear();
  }

 private:
  sdk::Status LoadZone() {
    const auto setting = host().Config("zone");
    if (!setting) return ConfigError("set the zone file: --set zone=FILE");
    std::optional<Name> origin;
    if (const auto text = host().Config("origin")) {
      origin = Name::FromText(*text, Name());
      if (!origin) {
        return ConfigError("origin is '" + std::string(*text) +
                           "', which is no domain name");
      }
    }
    const std::string path = PathOf(*setting);
    sdk::Result<std::string> text = ReadFile(path);
    if (!text.ok()) return text.status();
    sdk::Result<Zone> zone = ParseZoneFile(*text, path, origin);
    if (!zone.ok()) return zone.status();
    zone_.emplace(*std::move(zone));
    return {};
  }

  sdk::Status ServeDatagrams() {
    const sdk::Listeners listeners(host());
    for (uint32_t i = 0; i < listeners.count(); ++i) {
      auto info = listeners.Info(i);
      if (!info.ok() || !info->datagram) continue;
      auto server = UdpServer::Start(host(), i, *responder_);
      if (!server.ok()) return server.status();
      servers_.push_back(*std::move(server));
    }
    return {};
  }

  void Sweep() {
    sweeping_ = false;
    std::erase_if(sessions_, [](auto& each) { return each.second->IsIdle(); });
    const sdk::Status status = StartSweep();
    if (status.ok()) return;  // else the next connection tries again
    host().Log(CLUSTER_LOG_WARNING, status.message());
  }

  sdk::Status StartSweep() {
    auto timer = host().StartTimer(kIdleSweep, [this] { Sweep(); });
    if (!timer.ok()) return timer.status();
    sweep_ = *std::move(timer);
    sweeping_ = true;
    return {};
  }

  std::optional<Zone> zone_;
  std::optional<Responder> responder_;
  std::vector<std::unique_ptr<UdpServer>> servers_;
  std::map<uint64_t, std::unique_ptr<TcpSession>> sessions_;
  sdk::Timer sweep_;
  bool sweeping_ = false;  // sweep_ runs
};

}  // namespace cluster::dns

CLUSTER_PLUGIN(cluster::dns::Dns,
               {.name = "dns",
                .version = "0.1",
                .required_services = {CLUSTER_SERVICE_LISTENER_V1,
                                      CLUSTER_SERVICE_DATAGRAM_V1}});
