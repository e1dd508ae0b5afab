#include "tools/bench/servers/server_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 4096 };

_Noreturn void server_die(const char* what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

_Noreturn static void usage(const char* program, const char* complaint) {
  fprintf(stderr,
          "%s: %s\n"
          "usage: %s --listen=ADDRESS:PORT [--workers=1..%d]\n"
          "  [--gather_us=N] [--accepts_per_wake=N] [--always_close]\n"
          "  [--steer=hash|cpu|random]\n",
          program,
          complaint,
          program,
          SERVER_MAX_WORKERS);
  exit(2);
}

static bool parse_address(const char* text, struct sockaddr_in* address) {
  char host[INET_ADDRSTRLEN];
  const char* colon = strrchr(text, ':');
  if (!colon || (size_t)(colon - text) >= sizeof host) return false;
  memcpy(host, text, (size_t)(colon - text));
  host[colon - text] = '\0';
  char* end;
  const long port = strtol(colon + 1, &end, 10);
  if (end == colon + 1 || *end || port < 0 || port > 65535) return false;
  address->sin_family = AF_INET;
  address->sin_port = htons((uint16_t)port);
  return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static long parse_number(const char* program,
                         const char* text,
                         long low,
                         long high) {
  char* end;
  errno = 0;
  const long value = strtol(text, &end, 10);
  if (errno || end == text || *end || value < low || value > high) {
    usage(program, "a number is missing or out of range");
  }
  return value;
}

static enum steering parse_steering(const char* program, const char* text) {
  static const char* const kNames[] = {"hash", "cpu", "random"};
  for (int i = 0; i < 3; i++) {
    if (strcmp(text, kNames[i]) == 0) return (enum steering)i;
  }
  usage(program, "--steer wants hash, cpu or random");
}

void server_options_parse(int argc,
                          char** argv,
                          struct server_options* options) {
  static const struct option kOptions[] = {
      {"listen", required_argument, NULL, 'l'},
      {"workers", required_argument, NULL, 'w'},
      {"gather_us", required_argument, NULL, 'g'},
      {"accepts_per_wake", required_argument, NULL, 'a'},
      {"always_close", no_argument, NULL, 'c'},
      {"steer", required_argument, NULL, 's'},
      {NULL, 0, NULL, 0}};
  int option;
  while ((option = getopt_long(argc, argv, "", kOptions, NULL)) != -1) {
    if (option == 'l') {
      if (!parse_address(optarg, &options->address)) {
        usage(argv[0], "--listen wants ADDRESS:PORT");
      }
    } else if (option == 'w') {
      options->workers =
          (int)parse_number(argv[0], optarg, 1, SERVER_MAX_WORKERS);
    } else if (option == 'g') {
      options->gather_us = parse_number(argv[0], optarg, 0, 100000);
    } else if (option == 'a') {
      options->accepts_per_wake = (int)parse_number(argv[0], optarg, 0, 4096);
    } else if (option == 'c') {
      options->always_close = true;
    } else if (option == 's') {
      options->steering = parse_steering(argv[0], optarg);
    } else {
      usage(argv[0], "unknown option");
    }
  }
  if (optind != argc) usage(argv[0], "unexpected argument");
  if (options->address.sin_family == 0) usage(argv[0], "--listen is missing");
  if (options->workers == 0) options->workers = 1;
}

int server_listen(struct server_options* options, bool reuse_port) {
  const int on = 1;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) server_die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reuse_port &&
      setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) {
    server_die("SO_REUSEPORT");
  }
  struct sockaddr* address = (struct sockaddr*)&options->address;
  socklen_t size = sizeof options->address;
  if (bind(fd, address, size) < 0) server_die("bind");
  if (listen(fd, LISTEN_BACKLOG) < 0) server_die("listen");
  if (getsockname(fd, address, &size) < 0) server_die("getsockname");
  return fd;
}

int server_block_signals(void) {
  // Descriptors on their way to a worker count as well.
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  const int fd = signalfd(-1, &set, SFD_CLOEXEC);
  if (fd < 0) server_die("signalfd");
  return fd;
}

bool server_fork(struct server_options* options, int* worker) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) server_die("fork");
  *worker = options->child_count;
  if (pid > 0) {
    options->children[options->child_count++] = pid;
    return false;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have ended before the line above.
  if (getppid() != parent) _exit(1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  return true;
}

void server_say_ready(const struct server_options* options) {
  char host[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &options->address.sin_addr, host, sizeof host);
  printf("ready %s:%d\n", host, ntohs(options->address.sin_port));
  fflush(stdout);
}

int server_wait(struct server_options* options, int stop_fd) {
  struct signalfd_siginfo signal_info = {0};
  while (read(stop_fd, &signal_info, sizeof signal_info) < 0) {
    if (errno != EINTR) server_die("signalfd");
  }
  const bool child_died = signal_info.ssi_signo == SIGCHLD;
  if (child_died) fprintf(stderr, "a worker died, ending\n");
  for (int i = 0; i < options->child_count; i++) {
    kill(options->children[i], SIGKILL);
  }
  for (int i = 0; i < options->child_count; i++) {
    waitpid(options->children[i], NULL, 0);
  }
  return child_died ? 1 : 0;
}
