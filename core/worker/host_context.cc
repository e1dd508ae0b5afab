#include "core/worker/host_context.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "core/worker/control_channel.h"

namespace cluster {

HostContext::HostContext(Loop& loop,
                         ControlChannel& channel,
                         DispatchFunction dispatch)
    : loop_(loop), channel_(channel), dispatch_(std::move(dispatch)) {
  loop_.OnWake([](void* ctx) { static_cast<HostContext*>(ctx)->on_closed_(); },
               this);
}

void HostContext::Configure(Start start, SlotPage& page) {
  start_ = std::move(start);
  page_ = &page;
}

void HostContext::Log(int level, std::string text) {
  if (std::this_thread::get_id() == loop_thread_) {
    SendLine(level, std::move(text));
    return;
  }
  struct Line {
    HostContext* context;
    int level;
    std::string text;
  };
  auto line = std::make_unique<Line>(Line{this, level, std::move(text)});
  const auto run = [](void* ctx) {
    const std::unique_ptr<Line> posted(static_cast<Line*>(ctx));
    posted->context->SendLine(posted->level, std::move(posted->text));
  };
  // A full queue drops the line: waiting could block the thread for good.
  if (loop_.Post(run, line.get())) (void)line.release();
}

void HostContext::SendLine(int level, std::string text) {
  channel_.Send(
      FrameType::kLog,
      LogLine{.level = static_cast<uint8_t>(level), .text = std::move(text)});
}

void HostContext::ConnectionClosed() {
  page_->completed.fetch_add(1);
  const bool room_wanted = page_->wanted.load() != 0;
  if (!room_wanted && !wake_on_close_.load(std::memory_order_relaxed)) return;
  if (std::this_thread::get_id() == loop_thread_) {
    on_closed_();
  } else {
    loop_.Wake();
  }
}

}  // namespace cluster
