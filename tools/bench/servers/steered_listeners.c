#include "tools/bench/servers/steered_listeners.h"

#include <linux/filter.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tools/bench/servers/server_process.h"

enum { MOST_CPUS = 64 };

// The CPUs that this process may use, in order. Returns how many.
static int usable_cpus(int cpus[MOST_CPUS]) {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) < 0) {
    server_die("sched_getaffinity");
  }
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && count < MOST_CPUS; cpu++) {
    if (CPU_ISSET(cpu, &usable)) cpus[count++] = cpu;
  }
  return count;
}

static void attach(int listener, struct sock_filter* code, int length) {
  const struct sock_fprog program = {.len = (unsigned short)length,
                                     .filter = code};
  if (setsockopt(listener,
                 SOL_SOCKET,
                 SO_ATTACH_REUSEPORT_CBPF,
                 &program,
                 sizeof program) < 0) {
    server_die("SO_ATTACH_REUSEPORT_CBPF");
  }
}

static struct sock_filter load(int ancillary) {
  return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                      (unsigned)(SKF_AD_OFF + ancillary));
}

static void steer_by_cpu(int listener, int workers) {
  int cpus[MOST_CPUS];
  const int count = usable_cpus(cpus);
  if (count != workers) {
    fprintf(
        stderr, "--steer=cpu: wants a worker for each of the %d CPUs\n", count);
    exit(2);
  }
  struct sock_filter code[2 * MOST_CPUS + 2];
  int length = 0;
  code[length++] = load(SKF_AD_CPU);
  for (int i = 0; i < count; i++) {
    code[length++] = (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, (unsigned)cpus[i], 0, 1);
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (unsigned)i);
  }
  // No such member: the kernel goes by its hash.
  code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, ~0u);
  attach(listener, code, length);
}

void steer_listeners(int listener, int workers, enum steering steering) {
  if (steering == STEER_BY_HASH) return;
  if (steering == STEER_BY_CPU) {
    steer_by_cpu(listener, workers);
    return;
  }
  struct sock_filter code[] = {
      load(SKF_AD_RANDOM),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, (unsigned)workers),
      BPF_STMT(BPF_RET | BPF_A, 0)};
  attach(listener, code, sizeof code / sizeof code[0]);
}

void pin_to_cpu(int number) {
  int cpus[MOST_CPUS];
  const int count = usable_cpus(cpus);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpus[number % count], &one);
  if (sched_setaffinity(0, sizeof one, &one) < 0) {
    server_die("sched_setaffinity");
  }
}
