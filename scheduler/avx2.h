// Avx2: one source, compiled twice: for any processor, and for AVX2.
//
// Write the loop as an always-inline function, and call it through two wrappers
// of which one has the attribute CLUSTER_AVX2.
#ifndef SCHEDULER_AVX2_H_
#define SCHEDULER_AVX2_H_

namespace cluster {

#ifdef __x86_64__
#define CLUSTER_AVX2 [[gnu::target("avx2,bmi,bmi2,popcnt,fma")]]
inline const bool kHasAvx2 =
    __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
    __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("fma");
#else
#define CLUSTER_AVX2
inline constexpr bool kHasAvx2 = false;
#endif

}  // namespace cluster

#endif  // SCHEDULER_AVX2_H_
