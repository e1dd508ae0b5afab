// The host: a program on core/cluster.h that serves by plugins.
#include <signal.h>

#include "core/cluster.h"
#include "core/host/host.h"

int main(int argc, char** argv) {
  // Ctrl-C, and the end of a terminal, go to its whole group; the primary
  // decides what that means to workers.
  signal(SIGINT, SIG_IGN);
  const auto hangup = signal(SIGHUP, SIG_IGN);
  cluster::run_if_plugin_worker();
  signal(SIGINT, SIG_DFL);
  signal(SIGHUP, hangup);
  return cluster::HostMain(argc, argv);
}
