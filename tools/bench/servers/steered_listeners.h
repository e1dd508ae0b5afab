// The raw peers of the host's --data_path=steer: a classic BPF program picks
// the listener of a SO_REUSEPORT group for a new connection.
#ifndef TOOLS_BENCH_SERVERS_STEERED_LISTENERS_H_
#define TOOLS_BENCH_SERVERS_STEERED_LISTENERS_H_

enum steering { STEER_BY_HASH, STEER_BY_CPU, STEER_AT_RANDOM };

// Has the group of `listener`, which has `workers` members, picked from so. By
// CPU: member i gets what arrives on the i-th CPU that this process may use.
// Ends the process when there are not as many CPUs as workers, or the kernel
// refuses.
void steer_listeners(int listener, int workers, enum steering steering);

// Lets this process run on the i-th CPU that it may use alone.
void pin_to_cpu(int number);

#endif  // TOOLS_BENCH_SERVERS_STEERED_LISTENERS_H_
