// A probe holds a plugin to the contract as the host does: the calls are those
// of the host's own test, the tags are read from the headers of the ABI.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "core/base/unique_fd.h"
#include "plugins/abi/cluster_plugin.h"
#include "plugins/host/call_rule.h"
#include "plugins/host/plugin_loader.h"
#include "plugins/testing/service_calls.h"
#include "tools/plugin_check/probe/call_guard.h"
#include "tools/plugin_check/probe/connection_table.h"
#include "tools/plugin_check/probe/probe_host.h"
#include "tools/plugin_check/probe/reporter.h"

namespace cluster {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Call = ServiceCalls::Call;

constexpr uint32_t kStates[] = {
    kLoaded, kCreated, kStarted, kDraining, kStopped, kDestroyed};

// What is done where the plugin has its host: in `create`, on the loop thread.
std::function<void(const cluster_host*)> in_create;

cluster_status Create(const cluster_host* host,
                      void** self,
                      cluster_error* error) {
  *self = nullptr;
  in_create(host);
  error->message[0] = '-';
  error->message[1] = '\0';
  return CLUSTER_E_FAILED;  // no more of it
}

class ProbeContractTest : public testing::Test {
 protected:
  // Runs `test` with the host of a probe, of which a process has one. What that
  // reports here is not looked at.
  static void WithHost(std::function<void(const cluster_host*)> test) {
    in_create = std::move(test);
    static const UniqueFd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (nowhere.get() != kReportFd) dup2(nowhere.get(), kReportFd);
    LoadedPlugin plugin = {};
    plugin.table.size = sizeof(plugin.table);
    plugin.table.create = &Create;
    static ProbeHost& probe = ProbeHost::Make(plugin, {});
    probe.Run([] {});
  }

  // Makes the call in `state`, in a process of its own. Returns the records of
  // the probe, and in the last line the status.
  static std::string Try(const Call& call,
                         const cluster_host* host,
                         uint32_t state,
                         bool on_other_thread = false) {
    int ends[2];
    if (pipe(ends) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
      dup2(ends[1], kReportFd);
      CallGuard::Get().EnterState(state);
      CallGuard::Get().Settle();
      cluster_status status = CLUSTER_OK;
      const auto make = [&] { status = call.make(host); };
      on_other_thread ? std::thread(make).join() : make();
      const std::string line = "status " + std::to_string(status) + "\n";
      _exit(write(kReportFd, line.data(), line.size()) < 0 ? 1 : 0);
    }
    close(ends[1]);
    std::string records;
    char part[4096];
    for (ssize_t n; (n = read(ends[0], part, sizeof(part))) > 0;) {
      records.append(part, static_cast<size_t>(n));
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << call.name << " ends the probe";
    return records;
  }
};

constexpr const char* kWrongState = "finding\twrong_state";
constexpr const char* kWrongThread = "finding\twrong_thread";
constexpr const char* kLateCall = "finding\tlate_call";

TEST_F(ProbeContractTest, EachCallIsAllowedOrReportedByItsTag) {
  WithHost([](const cluster_host* host) {
    ServiceCalls calls(host);
    for (const Call& call : calls.all()) {
      for (const uint32_t state : kStates) {
        const bool allowed = (call.tag().states & state) != 0;
        const std::string seen = Try(call, host, state);
        SCOPED_TRACE(call.name + " in state " + std::to_string(state));
        if (!allowed) {
          EXPECT_THAT(seen,
                      HasSubstr(state == kDestroyed ? kLateCall : kWrongState));
        } else if (call.tag().remark.empty()) {  // else not from here
          EXPECT_THAT(seen,
                      Not(AnyOf(HasSubstr(kLateCall),
                                HasSubstr(kWrongState),
                                HasSubstr(kWrongThread))));
        }
      }
    }
  });
}

TEST_F(ProbeContractTest, EachCallIsAllowedOrReportedByItsThread) {
  WithHost([](const cluster_host* host) {
    ServiceCalls calls(host);
    for (const Call& call : calls.all()) {
      const std::string seen = Try(call, host, kStarted, true);
      const bool reported = seen.find(kWrongThread) != std::string::npos;
      EXPECT_EQ(reported, call.tag().on_loop_thread) << call.name << seen;
    }
  });
}

TEST_F(ProbeContractTest, RoundWithinARoundIsReported) {
  WithHost([](const cluster_host* host) {
    ServiceCalls calls(host);
    for (const Call& call : calls.all()) {
      if (call.tag().remark.empty()) continue;
      EXPECT_THAT(Try(call, host, kStarted), HasSubstr(kWrongState));
    }
  });
}

TEST_F(ProbeContractTest, NonsenseIsReported) {
  WithHost([](const cluster_host* host) {
    ServiceCalls calls(host);
    size_t n = 0;
    for (const Call& call : calls.nonsense()) {
      const std::string seen = Try(call, host, kStarted);
      EXPECT_THAT(seen,
                  AnyOf(HasSubstr("finding\tbad_argument"),
                        HasSubstr("finding\tunknown_id")))
          << call.name << ", number " << n;
      EXPECT_THAT(seen,
                  AnyOf(HasSubstr("status 300\n"), HasSubstr("status -1\n")))
          << call.name << ", number " << n;
      ++n;
    }
  });
}

// What `act` does when connections 1 and 2 are open, with their descriptors.
template <typename Act>
Call WithTwo(Act act) {
  return {"", [act](const cluster_host* host) {
            int fds[2];
            if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
              return CLUSTER_E_SYSTEM;
            }
            ConnectionGiven(1, fds[0]);
            ConnectionGiven(2, fds[1]);
            act(host, fds);
            return CLUSTER_OK;
          }};
}

TEST_F(ProbeContractTest, ConnectionsThatAreMixedUpAreReported) {
  WithHost([](const cluster_host* host) {
    const auto& connection = *static_cast<const cluster_connection_v1*>(
        host->get_service(host, CLUSTER_SERVICE_CONNECTION_V1));
    const auto seen = [host](const Call& call) {
      return Try(call, host, kStarted);
    };
    EXPECT_THAT(seen(WithTwo([&](auto* h, int* fds) {
                  connection.requests(h, 1, 1);
                  connection.requests(h, 1, -1);
                  connection.close(h, fds[1], 2);
                  connection.close(h, fds[0], 1);
                })),
                Not(HasSubstr("finding\tbad_argument")));
    EXPECT_THAT(seen(WithTwo([&](auto* h, int* fds) {
                  connection.close(h, fds[0], 2);
                  connection.close(h, fds[1], 1);
                })),
                HasSubstr("fd came with connection 1, the id is 2"));
    EXPECT_THAT(seen(WithTwo([&](auto* h, int* fds) {
                  connection.close(h, fds[0], 1);
                  connection.requests(h, 1, 1);
                })),
                HasSubstr("id is of a connection that has ended"));
    EXPECT_THAT(seen(WithTwo([&](auto* h, int*) {
                  connection.requests(h, 1, 1);
                  connection.requests(h, 1, -2);
                })),
                HasSubstr("takes back more requests than there are"));
  });
}

// As many as the host has room for; then a failure, which is no fault.
TEST_F(ProbeContractTest, CellsOfMetricsEnd) {
  WithHost([](const cluster_host* host) {
    const auto& metric = *static_cast<const cluster_metric_v1*>(
        host->get_service(host, CLUSTER_SERVICE_METRIC_V1));
    const auto make = [&metric](uint32_t count) {
      return Call{"", [&metric, count](const cluster_host* h) {
                    cluster_status status = CLUSTER_OK;
                    for (uint32_t i = 0; i < count; ++i) {
                      cluster_metric* made = nullptr;
                      const std::string name = "m" + std::to_string(i);
                      status = metric.gauge(h, name.c_str(), "", &made);
                    }
                    return status;
                  }};
    };
    EXPECT_THAT(Try(make(CLUSTER_MAX_METRIC_CELLS), host, kStarted),
                HasSubstr("status 0\n"));
    const std::string seen =
        Try(make(CLUSTER_MAX_METRIC_CELLS + 1), host, kStarted);
    EXPECT_THAT(seen, HasSubstr("status 202\n"));
    EXPECT_THAT(seen, Not(HasSubstr("finding\tbad_argument")));
  });
}

}  // namespace
}  // namespace cluster
