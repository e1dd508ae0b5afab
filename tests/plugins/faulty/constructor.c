/* What faulty.c does wrong while it is loaded: FAULT_CONSTRUCTOR says which. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(FAULT_CONSTRUCTOR)
static void* idle_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

__attribute__((constructor)) static void construct(void) {
#if FAULT_CONSTRUCTOR == 1
  abort();
#elif FAULT_CONSTRUCTOR == 2
  _exit(0);
#elif FAULT_CONSTRUCTOR == 3
  if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) abort();
#elif FAULT_CONSTRUCTOR == 4
  puts("loaded");
  fflush(stdout);
#elif FAULT_CONSTRUCTOR == 5
  pthread_t thread;
  pthread_create(&thread, NULL, idle_for_ever, NULL);
#endif
  (void)idle_for_ever;
}
#endif
