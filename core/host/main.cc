// The host: the program around core/primary and core/worker.
#include "core/host/host.h"
#include "core/worker/worker_main.h"

int main(int argc, char** argv) {
  if (cluster::IsWorkerProcess()) return cluster::WorkerMain();
  return cluster::HostMain(argc, argv);
}
