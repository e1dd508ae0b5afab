#include "core/worker/host_context.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/control/metric_definition.h"
#include "core/control/telemetry_messages.h"
#include "core/worker/control_channel.h"

namespace cluster {

HostContext::HostContext(Loop& loop,
                         ControlChannel& channel,
                         DispatchFunction dispatch)
    : loop_(loop),
      channel_(channel),
      dispatch_(std::move(dispatch)),
      contract_([this](std::string text) {
        Log(CLUSTER_LOG_PLUGIN_MISBEHAVING, std::move(text));
      }),
      messenger_(
          loop,
          [this](FrameType type, auto head, auto rest, auto fds) {
            return channel_.SendJoined(type, head, rest, std::move(fds));
          },
          [this](std::string text) {
            SendLine({CLUSTER_LOG_WARNING, std::move(text)});
          }) {
  channel_.OnWritten([this](uint64_t bytes) { messenger_.OnWritten(bytes); });
  loop_.OnWake([](void* ctx) { static_cast<HostContext*>(ctx)->on_closed_(); },
               this);
}

void HostContext::Configure(Start start, SlotPage& page) {
  start_ = std::move(start);
  page_ = &page;
  contract_.set_phase_word(&page.phase);
  open_connections_.SumIn(&page.requests, &page.lasted_ns);
  metrics_.emplace(page.metric_cells, [this](const MetricDefinition& made) {
    channel_.Send(FrameType::kMetric, made);
  });
  messenger_.SetSlots(start_.worker_count);
}

void HostContext::SetReady(bool ready, std::string reason) {
  if (std::exchange(ready_, ready) == ready) return;
  on_readiness_(ready);
  channel_.Send(FrameType::kReadiness,
                Readiness{.ready = ready, .reason = std::move(reason)});
}

void HostContext::Log(int level, std::string text) {
  if (Contract::on_loop_thread()) {
    return SendLine({level, std::move(text)});
  }
  const std::lock_guard<std::mutex> lock(lines_mutex_);
  // Waiting for room could block the thread for good.
  if (lines_.size() < kMaxLines) {
    lines_.push_back({level, std::move(text)});
  } else {
    ++lines_dropped_;
  }
  // What the loop's queue has no room for goes with the next line, or at the
  // end.
  if (lines_posted_) return;
  lines_posted_ = loop_.Post(
      [](void* ctx) { static_cast<HostContext*>(ctx)->SendPostedLines(); },
      this);
}

void HostContext::SendPostedLines() {
  std::vector<Line> lines;
  uint64_t dropped = 0;
  {
    const std::lock_guard<std::mutex> lock(lines_mutex_);
    lines.swap(lines_);
    dropped = std::exchange(lines_dropped_, 0);
    lines_posted_ = false;
  }
  for (Line& line : lines) SendLine(std::move(line));
  if (dropped == 0) return;
  SendLine({CLUSTER_LOG_WARNING,
            absl::StrCat(dropped, " lines of other threads were dropped")});
}

void HostContext::SendLine(Line line) {
  if (line.text.size() > kMaxWorkerTextBytes)
    line.text.resize(kMaxWorkerTextBytes);
  channel_.Send(FrameType::kLog,
                LogLine{.level = static_cast<uint8_t>(line.level),
                        .text = std::move(line.text)});
}

void HostContext::ConnectionClosed() {
  page_->completed.fetch_add(1);
  const bool room_wanted = page_->wanted.load() != 0;
  if (!room_wanted && !wake_on_close_.load(std::memory_order_relaxed)) return;
  if (Contract::on_loop_thread()) {
    on_closed_();
  } else {
    loop_.Wake();
  }
}

}  // namespace cluster
