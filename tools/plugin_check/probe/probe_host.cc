#include "tools/plugin_check/probe/probe_host.h"

#include <unistd.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/host/draft_service.h"
#include "tools/plugin_check/probe/callback_span.h"
#include "tools/plugin_check/probe/config_table.h"
#include "tools/plugin_check/probe/connection_table.h"
#include "tools/plugin_check/probe/finding.h"
#include "tools/plugin_check/probe/forwarded_tables.h"
#include "tools/plugin_check/probe/host_beneath.h"
#include "tools/plugin_check/probe/loop_tables.h"
#include "tools/plugin_check/probe/reporter.h"
#include "tools/plugin_check/probe/telemetry_tables.h"

namespace cluster {
namespace {

struct Service {
  absl::string_view id;
  const void* table;
  bool needs_host_beneath;
};

constexpr Service kServices[] = {
    {CLUSTER_SERVICE_LOOP_V1, &kProbeLoop, true},
    {CLUSTER_SERVICE_EMBEDDING_V1, &kProbeEmbedding, true},
    {CLUSTER_SERVICE_CONNECTION_V1, &kProbeConnection, true},
    {CLUSTER_SERVICE_CONFIG_V1, &kProbeConfig, false},
    {CLUSTER_SERVICE_LOG_V1, &kProbeLog, false},
    {CLUSTER_SERVICE_METRIC_V1, &kProbeMetric, false},
    {CLUSTER_SERVICE_HEALTH_V1, &kProbeHealth, false},
    {CLUSTER_SERVICE_THREAD_CHECK_V1, &kProbeThreadCheck, false},
    {CLUSTER_SERVICE_LISTENER_V1, &kProbeListener, true},
    {CLUSTER_SERVICE_DATAGRAM_V1, &kProbeDatagram, true},
    {CLUSTER_SERVICE_ACCEPTOR_V1, &kProbeAcceptor, true},
    {CLUSTER_SERVICE_MESSAGE_V1, &kProbeMessage, true},
};

constexpr ProbeRule kGetService = {
    {"cluster.host/0", "get_service", false, kCreatedToStopped | kDestroyed}};

const void* Offered(absl::string_view id,
                    bool allow_draft,
                    const cluster_host* beneath) {
  if (!allow_draft && IsDraftService(id)) return nullptr;
  for (const Service& service : kServices) {
    if (service.id != id) continue;
    const bool there =
        !service.needs_host_beneath ||
        beneath->get_service(beneath, std::string(id).c_str()) != nullptr;
    return there ? service.table : nullptr;
  }
  return nullptr;
}

bool Lists(const char* const* ids, absl::string_view wanted) {
  for (; ids != nullptr && *ids != nullptr; ++ids) {
    if (wanted == *ids) return true;
  }
  return false;
}

// What a plugin that fails has to fill: no byte of it ends the text.
cluster_error UnwrittenError() {
  cluster_error error;
  std::memset(&error, '#', sizeof(error));
  error.size = sizeof(error);
  error.code = CLUSTER_OK;
  return error;
}

// Reports how `function` failed, and if it did not say why.
void ReportRefusal(absl::string_view function,
                   cluster_status status,
                   const cluster_error& error) {
  const absl::string_view room(error.message, sizeof(error.message));
  const size_t size = room.find('\0');
  const absl::string_view message = room.substr(0, size);
  if (size == absl::string_view::npos || size == 0 || message[0] == '#') {
    Reporter::Get().Found(
        Finding::kNoMessage,
        absl::StrCat(function,
                     " returned ",
                     status,
                     size == 0 ? " with an empty message"
                     : error.message[0] == '#'
                         ? " and wrote no message"
                         : " with a message that no NUL ends"));
    return;
  }
  Reporter::Get().Found(
      Finding::kRefused,
      absl::StrCat(function, " returned ", status, ": ", message));
}

ProbeHost* the_probe = nullptr;

}  // namespace

// The plugin's functions as FakeHost gets them.
struct ProbeHost::Table {
  static const void* GetService(const cluster_host* host, const char* id) {
    CallGuard& guard = CallGuard::Get();
    guard.Check(host, kGetService);
    if (id != nullptr) return the_probe->GetService(id);
    guard.RefuseArgument(kGetService, "id is NULL");
    return nullptr;
  }

  static cluster_status Create(const cluster_host*,
                               void** self,
                               cluster_error*) {
    CallGuard::Get().EnterState(kCreated);
    cluster_error error = UnwrittenError();
    const CallbackSpan span("create");
    const cluster_status status =
        the_probe->plugin_.table.create(&the_probe->host_, self, &error);
    if (status != CLUSTER_OK) ReportRefusal("create", status, error);
    return status;
  }

  // A plugin that is not to be started is stopped as one whose start failed.
  static cluster_status Start(void* self, cluster_error*) {
    if (!the_probe->options_.starts) return CLUSTER_E_FAILED;
    cluster_status status = CLUSTER_OK;
    if (the_probe->plugin_.table.start != nullptr) {
      cluster_error error = UnwrittenError();
      const CallbackSpan span("start");
      status = the_probe->plugin_.table.start(self, &error);
      if (status != CLUSTER_OK) ReportRefusal("start", status, error);
    }
    if (status == CLUSTER_OK) CallGuard::Get().EnterState(kStarted);
    return status;
  }

  static void OnConnection(void* self, const cluster_connection* connection) {
    if (the_probe->loop_ended_early_) {
      close(connection->fd);
      return;
    }
    ConnectionGiven(connection->id, connection->fd);
    const CallbackSpan span("on_connection");
    the_probe->plugin_.table.on_connection(self, connection);
  }

  static void Drain(void* self, uint64_t deadline_ms, uint64_t open) {
    CallGuard::Get().EnterState(kDraining);
    if (the_probe->plugin_.table.drain == nullptr) return;
    if (the_probe->loop_ended_early_) return;
    const CallbackSpan span("drain");
    the_probe->plugin_.table.drain(self, deadline_ms, open);
  }

  static void Stop(void* self) {
    CallGuard::Get().EnterState(kStopped);
    if (the_probe->plugin_.table.stop != nullptr) {
      const CallbackSpan span("stop");
      the_probe->plugin_.table.stop(self);
    }
    CallGuard::Get().Settle();
  }

  static void Destroy(void* self) {
    if (the_probe->plugin_.table.destroy == nullptr) return;
    const CallbackSpan span("destroy");
    the_probe->plugin_.table.destroy(self);
  }

  static cluster_status Run(void* self) {
    const CallbackSpan span("run", /*timed=*/false);
    const cluster_status status = the_probe->plugin_.table.run(self);
    if (!LoopHasEnded()) {
      the_probe->loop_ended_early_ = true;
      Reporter::Get().Found(
          Finding::kLoopEnded,
          absl::StrCat("run returned ",
                       status,
                       " before dispatch said CLUSTER_STOPPED"));
    }
    return status;
  }
};

ProbeHost& ProbeHost::Make(const LoadedPlugin& plugin, Options options) {
  the_probe = new ProbeHost(plugin, std::move(options));
  return *the_probe;
}

ProbeHost::ProbeHost(const LoadedPlugin& plugin, Options options)
    : plugin_(plugin), options_(std::move(options)) {
  host_ = *fake_.host();
  host_.host_data = nullptr;
  host_.get_service = &Table::GetService;
  SetHostBeneath(fake_.host());
  fake_.listeners().AddStream();
  fake_.listeners().AddDatagram();
  CallGuard::Get().Begin(&host_, options_.injection, [this](auto id) {
    if (id != kGetService.service) CheckListed(id);
  });
}

std::vector<absl::string_view> ProbeHost::ServiceIds(bool allow_draft) {
  const FakeHost fake;
  std::vector<absl::string_view> ids;
  for (const Service& service : kServices) {
    if (Offered(service.id, allow_draft, fake.host()) != nullptr)
      ids.push_back(service.id);
  }
  return ids;
}

cluster_worker_plugin ProbeHost::WrappedTable() const {
  cluster_worker_plugin table = {};
  table.size = sizeof(table);
  table.create = &Table::Create;
  table.start = &Table::Start;
  table.on_connection = &Table::OnConnection;
  table.drain = &Table::Drain;
  table.stop = &Table::Stop;
  table.destroy = &Table::Destroy;
  if (plugin_.table.run != nullptr) table.run = &Table::Run;
  return table;
}

void ProbeHost::Run(std::function<void()> client) {
  fake_.Run(WrappedTable(), std::move(client));
  CallGuard::Get().EnterState(kDestroyed);
}

const void* ProbeHost::GetService(absl::string_view id) {
  if (id == options_.hidden_service) return nullptr;
  return Offered(id, options_.allow_draft, fake_.host());
}

void ProbeHost::CheckListed(absl::string_view id) const {
  if (Lists(plugin_.entry.required_services, id)) return;
  Reporter::Get().Asked(id);
  if (Lists(plugin_.entry.optional_services, id)) return;
  Reporter::Get().Found(
      Finding::kUnlistedService,
      absl::StrCat("it uses ",
                   id,
                   ", which the entry lists neither as required nor as "
                   "optional"));
}

}  // namespace cluster
