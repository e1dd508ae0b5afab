// Answer and AnswerQueue: what a client is owed, in the order of its requests,
// while the parts of the answers come from several workers in any order.
//
// Thread safety: none.
// Lifetime: whoever fills an Answer shares it, since its client may be gone by
// then; the queue that it is in may go first.
//
//   std::shared_ptr<Answer> answer = queue.Add(&GatherSum, /*parts=*/2, 0);
//   answer->Fill(1, ":1\r\n");
//   answer->Fill(0, ":3\r\n");
//   queue.TakeReady(SIZE_MAX, &output);  // ":4\r\n"
#ifndef PLUGINS_RESP_KV_ANSWER_QUEUE_H_
#define PLUGINS_RESP_KV_ANSWER_QUEUE_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/resp_kv/gather.h"

namespace cluster::resp_kv {

class AnswerQueue;

class Answer {
 public:
  using Whole = std::function<void(const Replies& replies, std::string* out)>;

  // Takes the reply of part `n`; each comes once.
  void Fill(size_t n, std::string_view reply);

 private:
  friend class AnswerQueue;

  Answer(AnswerQueue* queue, Whole whole, size_t parts, size_t request_bytes)
      : queue_(queue),
        whole_(std::move(whole)),
        missing_(parts),
        replies_(parts),
        request_bytes_(request_bytes) {}

  AnswerQueue* queue_;  // NULL when it is gone
  const Whole whole_;
  size_t missing_;
  Replies replies_;
  size_t reply_bytes_ = 0;
  const size_t request_bytes_;
};

class AnswerQueue {
 public:
  // `on_ready` is called from Fill() when the first answer may be taken.
  explicit AnswerQueue(std::function<void()> on_ready)
      : on_ready_(std::move(on_ready)) {}
  AnswerQueue(const AnswerQueue&) = delete;
  AnswerQueue& operator=(const AnswerQueue&) = delete;
  ~AnswerQueue();

  // Adds an answer of which `parts` are to come; `whole` makes one reply of
  // them. `request_bytes` is what the request holds of memory until then.
  std::shared_ptr<Answer> Add(Answer::Whole whole,
                              size_t parts,
                              size_t request_bytes);

  // Appends to `out` the answers that are complete, up to the first that is
  // not, or until `out` has `limit` bytes or more.
  void TakeReady(size_t limit, std::string* out);

  bool empty() const { return answers_.empty(); }
  size_t size() const { return answers_.size(); }
  bool ready() const { return !empty() && answers_.front()->missing_ == 0; }
  size_t request_bytes() const { return request_bytes_; }
  // Of replies that came and were not taken.
  size_t reply_bytes() const { return reply_bytes_; }

 private:
  friend class Answer;

  const std::function<void()> on_ready_;
  std::deque<std::shared_ptr<Answer>> answers_;
  size_t request_bytes_ = 0;
  size_t reply_bytes_ = 0;
};

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_ANSWER_QUEUE_H_
