#include "tools/bench/load/load_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char kHelp[] =
    "usage: loadgen --mode=MODE --target=127.0.0.1:PORT [options]\n"
    "\n"
    "Drives an HTTP server on the loopback and prints one JSON object.\n"
    "\n"
    "modes\n"
    "  close      closed loop of short connections (Connection: close)\n"
    "  paced      open loop, Poisson arrivals at --rate short connections/s;\n"
    "             latency counts from the moment a connection was due\n"
    "  keepalive  open connections, requests back to back\n"
    "  hold       opens --connections at once, one request each, then keeps\n"
    "             them open for --seconds\n"
    "options\n"
    "  --connections=N  at the same time, all threads together (64); for\n"
    "                   paced the most that may be open (4096)\n"
    "  --rate=R         connections per second, paced only\n"
    "  --threads=N      generator threads (2)\n"
    "  --seconds=S      measured time (2)\n"
    "  --warmup=S       not measured before it (0.2)\n"
    "  --timeout=S      for one connection or request (5)\n"
    "  --sources=N      source addresses in turn, from 127.0.0.1 on (8)\n"
    "  --seed=N         of the arrival times (1)\n"
    "  --bimodal=A,B,P  ask for /A or, with chance P, for /B: how many ms\n"
    "                   the server shall take; paced only\n"
    "  --buckets        print all latencies, not only percentiles\n"
    "exit code: 0 ran (errors are in the JSON), 1 could not run, 2 usage\n";

_Noreturn static void usage(const char* format, ...)
    __attribute__((format(printf, 1, 2)));

_Noreturn static void usage(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "loadgen: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\nTry 'loadgen --help'.\n");
  va_end(arguments);
  exit(2);
}

static double number(const char* name,
                     const char* text,
                     double low,
                     double high) {
  char* end;
  errno = 0;
  const double value = strtod(text, &end);
  if (errno || end == text || *end || !(value >= low && value <= high)) {
    usage("--%s=%s: must be a number from %g to %g", name, text, low, high);
  }
  return value;
}

static void set_mode(struct load_options* options, const char* text) {
  static const char* const kNames[] = {"close", "paced", "keepalive", "hold"};
  for (int i = 0; i < 4; i++) {
    if (strcmp(text, kNames[i]) != 0) continue;
    options->mode = (enum load_mode)i;
    options->mode_name = kNames[i];
    return;
  }
  usage("--mode=%s: wants close, paced, keepalive or hold", text);
}

static void set_target(struct load_options* options, const char* text) {
  char host[INET_ADDRSTRLEN] = "";
  const char* colon = strrchr(text, ':');
  const size_t size = colon ? (size_t)(colon - text) : 0;
  if (size > 0 && size < sizeof host) memcpy(host, text, size);
  if (inet_pton(AF_INET, host, &options->target.sin_addr) != 1) {
    usage("--target=%s: wants ADDRESS:PORT", text);
  }
  // Never load anything but this machine.
  if (ntohl(options->target.sin_addr.s_addr) >> 24 != 127) {
    usage("--target=%s: is not in 127.0.0.0/8", text);
  }
  options->target.sin_family = AF_INET;
  options->target.sin_port =
      htons((uint16_t)number("target", colon + 1, 1, 65535));
}

static void set_bimodal(struct load_options* o, const char* text) {
  char rest;
  const int read = sscanf(text,
                          "%u,%u,%lf%c",
                          &o->usual_ms,
                          &o->seldom_ms,
                          &o->seldom_share,
                          &rest);
  const bool in_range = o->usual_ms >= 1 && o->usual_ms <= 60000 &&
                        o->seldom_ms >= 1 && o->seldom_ms <= 60000 &&
                        o->seldom_share > 0 && o->seldom_share <= 1;
  if (read != 3 || !in_range) {
    usage("--bimodal=%s: wants MS,MS,CHANCE as in 1,20,0.1", text);
  }
}

static void apply(struct load_options* o, const char* name, const char* text) {
  if (strcmp(name, "mode") == 0) {
    set_mode(o, text);
  } else if (strcmp(name, "target") == 0) {
    set_target(o, text);
  } else if (strcmp(name, "connections") == 0) {
    o->connections = (int)number(name, text, 1, 60000);
  } else if (strcmp(name, "rate") == 0) {
    o->rate = number(name, text, 1, 1e6);
  } else if (strcmp(name, "threads") == 0) {
    o->threads = (int)number(name, text, 1, 64);
  } else if (strcmp(name, "seconds") == 0) {
    o->seconds = number(name, text, 0.01, 600);
  } else if (strcmp(name, "warmup") == 0) {
    o->warmup_seconds = number(name, text, 0, 60);
  } else if (strcmp(name, "timeout") == 0) {
    o->timeout_seconds = number(name, text, 0.1, 60);
  } else if (strcmp(name, "sources") == 0) {
    o->sources = (int)number(name, text, 1, 60000);
  } else if (strcmp(name, "bimodal") == 0) {
    set_bimodal(o, text);
  } else if (strcmp(name, "buckets") == 0) {
    o->buckets = true;
  } else {
    o->seed = (uint64_t)number(name, text, 0, 1e15);
  }
}

static void check(struct load_options* options) {
  if (!options->mode_name) usage("--mode is missing");
  if (options->target.sin_port == 0) usage("--target is missing");
  const bool paced = options->mode == LOAD_PACED;
  if (paced && options->rate == 0) usage("--mode=paced wants --rate");
  if (!paced && options->rate > 0) usage("--rate is for --mode=paced");
  if (!paced && options->usual_ms > 0) usage("--bimodal is for --mode=paced");
  if (options->connections == 0) options->connections = paced ? 4096 : 64;
  if (options->threads > options->connections) {
    usage("--threads=%d: more than --connections=%d",
          options->threads,
          options->connections);
  }
}

void load_options_parse(int argc, char** argv, struct load_options* options) {
  static const struct option kOptions[] = {
      {"mode", required_argument, NULL, 0},
      {"target", required_argument, NULL, 0},
      {"connections", required_argument, NULL, 0},
      {"rate", required_argument, NULL, 0},
      {"threads", required_argument, NULL, 0},
      {"seconds", required_argument, NULL, 0},
      {"warmup", required_argument, NULL, 0},
      {"timeout", required_argument, NULL, 0},
      {"sources", required_argument, NULL, 0},
      {"seed", required_argument, NULL, 0},
      {"bimodal", required_argument, NULL, 0},
      {"buckets", no_argument, NULL, 0},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0}};
  *options = (struct load_options){.threads = 2,
                                   .seconds = 2,
                                   .warmup_seconds = 0.2,
                                   .timeout_seconds = 5,
                                   .sources = 8,
                                   .seed = 1};
  int option, index;
  while ((option = getopt_long(argc, argv, "", kOptions, &index)) != -1) {
    if (option == 'h') {
      fputs(kHelp, stdout);
      exit(0);
    }
    if (option == '?') usage("unknown option or missing value");
    apply(options, kOptions[index].name, optarg);
  }
  if (optind != argc) usage("unexpected argument '%s'", argv[optind]);
  check(options);
}
