// ForkedRuntime: a Runtime in a child process, and the primary's end of all
// that it is connected to, for tests.
//
// Thread safety: none; forks, so the process has one thread.
#ifndef CORE_WORKER_TESTING_FORKED_RUNTIME_H_
#define CORE_WORKER_TESTING_FORKED_RUNTIME_H_

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/unique_fd.h"
#include "core/control/handoff.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/scoreboard/slot_memory.h"
#include "core/worker/loop.h"
#include "core/worker/runtime.h"
#include "ipc/archive.h"
#include "ipc/fd_passing.h"
#include "ipc/unix_channel.h"

namespace cluster {

// Waits until `fd` has something to read, or its end.
inline bool HasInput(int fd) {
  pollfd poll_fd = {fd, POLLIN, 0};
  return poll(&poll_fd, 1, -1) == 1;
}

inline std::string PluginPath(const std::string& name) {
  char* const directory = get_current_dir_name();
  const std::string path =
      std::string(directory) + "/core/worker/testing/" + name + ".so";
  free(directory);
  return path;
}

inline const std::string& TestPlugin() {
  static const std::string path = PluginPath("test_plugin");
  return path;
}
inline const std::string& EmbeddedTestPlugin() {
  static const std::string path = PluginPath("embedded_test_plugin");
  return path;
}

// Waits until the plugin has the connection: it says "h".
inline bool Greeted(const UniqueFd& client) {
  char byte = 0;
  return HasInput(client.get()) && read(client.get(), &byte, 1) == 1 &&
         byte == 'h';
}

// Waits until nobody holds the connection any more.
inline bool Ended(const UniqueFd& client) {
  char byte;
  return HasInput(client.get()) && read(client.get(), &byte, 1) == 0;
}

class ForkedRuntime {
 public:
  struct Message {
    FrameType type;
    std::vector<std::byte> payload;
  };

  ForkedRuntime() : memory_(*SlotMemory::Create()) {
    auto control = *MakeSocketPair(SOCK_STREAM);
    pid_ = fork();
    if (pid_ == 0) {
      control.first.Reset();
      signal(SIGPIPE, SIG_IGN);
      _exit(Runtime(std::move(control.second), *Loop::Create()).Run());
    }
    channel_.emplace(std::move(control.first),
                     ChannelOptions{.uses_ring = true});
    for (int i = 0; i < 2; ++i) {
      std::tie(senders_[i], receivers_[i]) = *MakeSocketPair(SOCK_SEQPACKET);
    }
  }
  ~ForkedRuntime() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  // ---- What the primary says

  template <class T>
  void Send(FrameType type, const T& message, std::vector<UniqueFd> fds = {}) {
    channel_->Send(
        static_cast<uint16_t>(type), Encode(message), std::move(fds));
    (void)channel_->Flush();
  }

  void SendStart(const std::string& plugin,
                 std::vector<std::pair<std::string, std::string>> config = {},
                 uint32_t listeners = 2) {
    std::vector<UniqueFd> fds;
    fds.emplace_back(open(plugin.c_str(), O_RDONLY | O_CLOEXEC));
    fds.emplace_back(fcntl(memory_.fd(), F_DUPFD_CLOEXEC, 0));
    Send(FrameType::kStart,
         Start{.worker_id = 1,
               .worker_count = 1,
               .listener_count = listeners,
               .plugin_path = plugin,
               .config = std::move(config),
               .arguments = {}},
         std::move(fds));
  }

  void SendListenReply(DataPath data_path = DataPath::kHandoff,
                       uint32_t listener = 0) {
    std::vector<UniqueFd> fds;
    fds.emplace_back(fcntl(receivers_[listener].get(), F_DUPFD_CLOEXEC, 0));
    Send(FrameType::kListenReply,
         ListenReply{.listener = listener, .error = 0, .data_path = data_path},
         std::move(fds));
  }

  // A message of another worker's.
  void SendDelivery(const std::string& text) {
    const DeliveryHead head = {.from_worker = 2, .total_bytes = text.size()};
    channel_->SendJoined(static_cast<uint16_t>(FrameType::kDelivery),
                         BytesOf(head),
                         std::as_bytes(std::span(text)),
                         {});
    (void)channel_->Flush();
  }

  void SendDrain(uint64_t deadline_ms, uint64_t sent) {
    Send(FrameType::kDrain,
         Drain{.deadline_ms = deadline_ms,
               .listeners_close = true,
               .sent = {sent}});
  }

  // Hands over a new connection. Returns its client.
  UniqueFd HandOff(uint64_t number) {
    auto pair = *MakeSocketPair(SOCK_STREAM);
    SendHandoff({.count = 1, .first_number = number}, {pair.first.get()});
    return std::move(pair.second);
  }

  void SendHandoff(const HandoffHeader& header, std::vector<int> fds) {
    std::vector<std::byte> bytes(sizeof(header) +
                                 header.count * sizeof(HandoffEntry));
    std::memcpy(bytes.data(), &header, sizeof(header));
    SendMessage(senders_[0].get(), bytes, fds);
  }

  // Returns when the worker has done all that follows from what came before: it
  // has seen to a message that was sent after. Once.
  void EndRound() {
    SendListenReply(DataPath::kHandoff, 1);
    (void)Next(FrameType::kListening);
  }

  // Starts and listens, as every worker that gets that far.
  void Serve(const std::string& plugin,
             std::vector<std::pair<std::string, std::string>> config = {}) {
    SendStart(plugin, std::move(config));
    SendListenReply();
    (void)Next(FrameType::kListening);
  }

  void Close() { channel_.reset(); }

  // Puts `fd` in the place of a listener's hand-off stream.
  void SetAcceptor(UniqueFd fd) { receivers_[0] = std::move(fd); }
  // Nothing is done until Continue().
  void Stop() {
    kill(pid_, SIGSTOP);
    waitpid(pid_, nullptr, WUNTRACED);
  }
  void Continue() { kill(pid_, SIGCONT); }

  // ---- What the worker says

  // Waits for the next message of `type` and skips others; a message with no
  // payload when the worker has closed the channel instead.
  Message Next(FrameType type) {
    while (true) {
      while (!messages_.empty()) {
        Message message = std::move(messages_.front());
        messages_.pop_front();
        if (message.type == type) return message;
      }
      if (!Read()) return {FrameType{0}, {}};
    }
  }

  // The reason it gave for its end, empty if none.
  std::string Reason() {
    const Message message = Next(FrameType::kFailed);
    if (message.payload.empty()) return "";
    return Decode<Failed>(message.payload)->reason;
  }

  // Waits for its end, and reads what it says meanwhile. Returns the exit code,
  // or the negative signal.
  int Wait() {
    while (channel_.has_value() && Read()) {
    }
    return WaitUnread();
  }
  // The same, and reads nothing.
  int WaitUnread() {
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  SlotPage& page() { return memory_.page(); }

 private:
  // Waits for bytes and reads them. False at the end of the stream.
  bool Read() {
    HasInput(channel_->fd());
    const size_t before = messages_.size();
    const absl::Status status = channel_->OnReadable([&](Frame frame) {
      messages_.push_back({static_cast<FrameType>(frame.type),
                           {frame.payload.begin(), frame.payload.end()}});
    });
    return status.ok() || messages_.size() > before;
  }

  SlotMemory memory_;
  pid_t pid_ = 0;
  std::optional<UnixChannel> channel_;
  UniqueFd senders_[2];  // by listener
  UniqueFd receivers_[2];
  std::deque<Message> messages_;
};

}  // namespace cluster

#endif  // CORE_WORKER_TESTING_FORKED_RUNTIME_H_
