// Queueing theory in closed form: what the simulator is held against. Times are
// in units of the mean service time, `load` is that of one worker (below 1),
// workers serve first come, first served unless said otherwise.
//
// Thread safety: free functions, safe from any thread.
#ifndef TOOLS_POLICY_LAB_THEORY_H_
#define TOOLS_POLICY_LAB_THEORY_H_

#include <cstdint>

namespace cluster::lab {

// M/G/1, as each worker is under a random split of Poisson arrivals: returns
// the mean response time. `second_moment` is that of the service time.
// Source: F. Pollaczek, 1930; A. Khinchine, 1932.
double PollaczekKhinchineMean(double load, double second_moment);

// M/H2/1, where services are of two exponential kinds, each as much work in all
// as the other (HyperExponential), of that squared coefficient of variation:
// P(response > t), and the quantile. Source: the transform of Pollaczek and
// Khinchine, which has two poles here, so that the response is a mixture of two
// exponential times. REQUIRES: cv2 >= 1.
double HyperExponentialTail(double load, double cv2, double t);
double HyperExponentialQuantile(double load, double cv2, double share);

// M/G/1 with processor sharing: whatever the distribution, by its mean alone.
double ProcessorSharingMean(double load);

// GI/M/1 with arrivals that are every n-th of a Poisson process, as each of n
// workers is under round robin: returns sigma, the chance to wait. Response
// times are exponential of mean 1 / (1 - sigma). n = 0 stands for infinitely
// many workers (D/M/1). Source: L. Kleinrock, Queueing Systems I, section 6.4.
double RoundRobinSigma(uint32_t n, double load);

// Returns the `share` quantile of an exponential time of that mean.
double ExponentialQuantile(double mean, double share);

// M/M/n, one queue for all: returns the chance to wait.
// Source: A. Erlang, 1917.
double ErlangC(uint32_t n, double load);

// M/M/n: the mean response time, P(response > t), and the quantile.
double CentralQueueMean(uint32_t n, double load);
double CentralQueueTail(uint32_t n, double load, double t);
double CentralQueueQuantile(uint32_t n, double load, double share);

// JSQ(d), infinitely many workers, exponential service: the share of workers
// that have at least k jobs, and the mean response time.
// Source: M. Mitzenmacher, "The Power of Two Choices in Randomized Load
// Balancing", IEEE TPDS 12(10), 2001. REQUIRES: d >= 2.
double ChoicesShareWithAtLeast(uint32_t d, double load, uint32_t k);
double ChoicesMean(uint32_t d, double load);

}  // namespace cluster::lab

#endif  // TOOLS_POLICY_LAB_THEORY_H_
