#include "plugins/resp_kv/answer_queue.h"

namespace cluster::resp_kv {

void Answer::Fill(size_t n, std::string_view reply) {
  --missing_;
  if (queue_ == nullptr) return;
  replies_[n] = reply;
  reply_bytes_ += reply.size();
  queue_->reply_bytes_ += reply.size();
  if (missing_ == 0 && queue_->answers_.front().get() == this) {
    queue_->on_ready_();
  }
}

AnswerQueue::~AnswerQueue() {
  for (const auto& answer : answers_) answer->queue_ = nullptr;
}

std::shared_ptr<Answer> AnswerQueue::Add(Answer::Whole whole,
                                         size_t parts,
                                         size_t request_bytes) {
  answers_.push_back(std::shared_ptr<Answer>(
      new Answer(this, std::move(whole), parts, request_bytes)));
  request_bytes_ += request_bytes;
  return answers_.back();
}

void AnswerQueue::TakeReady(size_t limit, std::string* out) {
  while (ready() && out->size() < limit) {
    const std::shared_ptr<Answer> answer = std::move(answers_.front());
    answers_.pop_front();
    answer->queue_ = nullptr;
    request_bytes_ -= answer->request_bytes_;
    reply_bytes_ -= answer->reply_bytes_;
    answer->whole_(answer->replies_, out);
  }
}

}  // namespace cluster::resp_kv
