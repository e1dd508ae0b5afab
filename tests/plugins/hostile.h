/* What a worker that has been taken over may do to its primary: it writes to
 * the control channel and the scoreboard page by itself, behind the runtime's
 * back. */
#ifndef TESTS_PLUGINS_HOSTILE_H_
#define TESTS_PLUGINS_HOSTILE_H_

/* Does one of
 *   magic        a header that does not begin with the magic
 *   version      a header of another version
 *   type         a frame of unknown type
 *   length       a header that announces 2^64-1 bytes
 *   truncated    half a header, then the end of the channel
 *   descriptors  253 descriptors with a frame that announces none
 *   garbage      10 MB of noise
 *   online       a second online frame
 *   nowhere      listening, on a listener that does not exist
 *   payload      a listen request whose payload is cut
 *   nested_size  last words with a size beyond the frame that they are in
 *   log_huge     a log line of a byte more than a worker may say
 *   failed_huge  last words of a byte more
 *   frame_huge   a log line in a frame of 64 MiB
 *   flood        10 MB of log lines, then an unknown type
 *   listens      asks for listeners for ever, and reads no answer
 *   relistens    asks for the host's own listener for ever, closes it each time
 *                and reads no answer
 *   addresses    asks to listen at nonsense, then closes what it has not
 *   scoreboard   nonsense in every word of the scoreboard page
 *   deafens      shuts the sockets down from which connections come
 *   orphan       leaves a process behind that reads on from them until their
 *                other end is closed
 * or one of hostile_messages.h or hostile_ring.h.
 */
void turn_hostile(const char* act);

#endif /* TESTS_PLUGINS_HOSTILE_H_ */
