#include "plugins/hello_http/session_list.h"

#include <chrono>

namespace cluster::hello_http {

Session::Session(SessionList& sessions) : sessions_(&sessions) {
  sessions.Add(*this);
}

Session::~Session() {
  if (sessions_ != nullptr) sessions_->Remove(*this);
}

SessionList::SessionList(boost::asio::io_context& io_context)
    : timer_(io_context) {}

SessionList::~SessionList() {
  CloseAll();
  for (Session* session : all_) session->sessions_ = nullptr;
}

void SessionList::Add(Session& session) {
  session.at_ = all_.insert(all_.end(), &session);
  session.touched_s_ = now_s_;
  if (!timing_) StartTimer();
}

void SessionList::Remove(Session& session) { all_.erase(session.at_); }

void SessionList::Drain() {
  draining_ = true;
  for (Session* session : all_) {
    if (!session->fresh_ && session->idle()) session->Close();
  }
}

// Closed sessions stay in the list until their operation has returned.
void SessionList::CloseAll() {
  for (Session* session : all_) session->Close();
}

void SessionList::OnSecond() {
  ++now_s_;
  for (Session* session : all_) {
    if (overdue(*session)) session->Close();
  }
}

// The first second counted may be shorter than a second: hence more than.
bool SessionList::overdue(Session& session) const {
  const uint64_t age_s = now_s_ - session.touched_s_;
  if (session.lingering()) return age_s > kLingerSeconds;
  if (draining_ && age_s > kFirstRequestSeconds && session.idle()) return true;
  return age_s > kIdleSeconds;
}

void SessionList::StartTimer() {
  timing_ = true;
  timer_.expires_after(std::chrono::seconds(1));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    timing_ = false;
    OnSecond();
    if (!all_.empty()) StartTimer();
  });
}

}  // namespace cluster::hello_http
