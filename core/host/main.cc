// The host: a program on core/cluster.h that serves by plugins.
#include <signal.h>

#include "core/cluster.h"
#include "core/host/host.h"

int main(int argc, char** argv) {
  // Ctrl-C goes to the whole terminal group; the primary decides what it means
  // to workers.
  signal(SIGINT, SIG_IGN);
  cluster::run_if_plugin_worker();
  signal(SIGINT, SIG_DFL);
  return cluster::HostMain(argc, argv);
}
