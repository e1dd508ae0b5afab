/* Payloads in shared memory (ipc/payload_ring.h), behind the runtime's back. */
#ifndef TESTS_PLUGINS_HOSTILE_RING_H_
#define TESTS_PLUGINS_HOSTILE_RING_H_

/* Does one of
 *   ring_missing   a payload in a ring that was never offered
 *   ring_twice     a ring, and another
 *   ring_unsealed  a ring that could be cut short while it is read
 *   ring_short     a ring of one page
 *   ring_beyond    a payload that ends behind the ring
 *   ring_huge      a payload of 2^63 bytes
 *   ring_payload   a listen request that is two zeros
 *   ring_again     a payload before one that was read
 */
void offer_hostile_ring(int channel, const char* act);

#endif /* TESTS_PLUGINS_HOSTILE_RING_H_ */
