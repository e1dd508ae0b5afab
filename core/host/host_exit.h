// The exit codes of the host, for supervisors above it and for scripts. They do
// not change their meaning; `host --help` lists them.
#ifndef CORE_HOST_HOST_EXIT_H_
#define CORE_HOST_HOST_EXIT_H_

namespace cluster {

// A clean end: drained after SIGTERM, SIGINT or SIGHUP, or --help, --version.
inline constexpr int kExitOk = 0;
// An internal error, or no worker is left and the kernel lets none be started;
// the log says which. Worth a restart and a report.
inline constexpr int kExitInternal = 1;
// A bad command line, which may name no file that can be read, or one that is
// no plugin for this machine. A restart fails likewise.
inline constexpr int kExitUsage = 2;
// An address cannot be bound: taken, not permitted, or not of this machine.
inline constexpr int kExitBind = 3;
// Workers died more often than --restarts within --restart_period.
inline constexpr int kExitWorkersDied = 4;
// The plugin was refused: by the primary, whose host cannot run one of that ABI
// or with those wishes, or by workers, as one that lacks a function or whose
// create fails for good. A restart fails likewise.
inline constexpr int kExitPluginRefused = 5;
// A second SIGINT or SIGTERM ended the drain at once: 128 + the signal's
// number.
inline constexpr int kExitInterrupted = 130;
inline constexpr int kExitTerminated = 143;

}  // namespace cluster

#endif  // CORE_HOST_HOST_EXIT_H_
