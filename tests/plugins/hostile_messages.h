/* Messages between workers as a worker that has been taken over may send them,
 * behind the runtime's back. */
#ifndef TESTS_PLUGINS_HOSTILE_MESSAGES_H_
#define TESTS_PLUGINS_HOSTILE_MESSAGES_H_

/* Does nothing, or one of
 *   message_cut        a message whose head is cut
 *   message_huge       one that announces 2^63 bytes
 *   message_longer     more bytes than its head announces
 *   message_nobody     one to a kind of receiver that there is not
 *   message_asks_all   a request to all others
 *   message_within     a message before the last one is whole
 *   message_many_fds   one with 65 descriptors
 *   message_few_fds    one with fewer descriptors than its frame announces
 *   part_alone         a part of no message
 *   parts_endless      parts beyond the message that they belong to
 *   window_ignored     messages to itself, which it does not read, for ever
 *   requests_endless   requests to itself for ever, and no answer
 *   forget_cut         forgets a request, and does not say which
 *   strangers          answers and forgets what was never asked, writes to
 *                      workers that never were: all of which may happen in good
 *                      faith; then a frame of unknown type
 */
void send_hostile_messages(int channel, const char* act);

#endif /* TESTS_PLUGINS_HOSTILE_MESSAGES_H_ */
