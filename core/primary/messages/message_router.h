// MessageRouter: decides what becomes of the messages that plugins send: who
// gets them, who waits for a reply, and who has to wait because a receiver does
// not read. docs/life_of_a_message.md has the rules.
//
// It does no I/O and reads no clock: frames of workers go in, frames for
// workers come out by Out. What workers say may be lies: a result that is not
// OK is what the worker did against the protocol, and it must be cut off.
//
// Thread safety: none. Lifetime: Out must outlive it.
//
//   router.Add(worker.id(), worker.slot().index());
//   RETURN_IF_ERROR(router.OnMessage(worker.id(), payload, std::move(fds)));
//   router.OnWritten(worker.id(), written_bytes);
#ifndef CORE_PRIMARY_MESSAGES_MESSAGE_ROUTER_H_
#define CORE_PRIMARY_MESSAGES_MESSAGE_ROUTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"
#include "core/control/messages.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_peer.h"
#include "core/primary/messages/request_table.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

class MessageRouter {
 public:
  // How it acts.
  class Out {
   public:
    virtual ~Out() = default;
    // Queues a frame for worker `to`, who is there. Both spans are borrowed.
    // Returns the position behind it (delivery_queue.h).
    virtual uint64_t Queue(uint32_t to,
                           FrameType type,
                           std::span<const std::byte> head,
                           std::span<const std::byte> rest,
                           std::vector<UniqueFd> fds) = 0;
    // The same for the primary itself. Not to be acted upon before the call
    // of the router that led to it has returned; `rest` is borrowed from the
    // frame.
    virtual void QueueForPrimary(FrameType type,
                                 std::span<const std::byte> head,
                                 std::span<const std::byte> rest,
                                 std::vector<UniqueFd> fds) = 0;
    // A copy of `fd`. The kernel's error where it gives none.
    virtual absl::StatusOr<UniqueFd> CopyFd(const UniqueFd& fd) = 0;
    // Writes what is queued, as far as the kernel takes it. OnWritten() is
    // called from within, and nothing else of the router.
    virtual void Flush() = 0;
    // Something that whoever runs the host should know.
    virtual void Trouble(const std::string& text) = 0;
  };

  explicit MessageRouter(Out& out) : out_(out), requests_(kMaxOpenRequests) {}

  // A worker can be sent messages from now on. Ids are never used again.
  void Add(uint32_t worker, uint32_t slot);
  // It has ended: all that it was asked and has not answered fails now. Does
  // nothing the second time.
  void Remove(uint32_t worker);

  // A frame of `worker`, which was added. `fds` may have empty ones at its end,
  // that were lost. REQUIRES: payload is borrowed.
  absl::Status OnMessage(uint32_t worker,
                         std::span<const std::byte> payload,
                         std::vector<UniqueFd> fds);
  absl::Status OnPart(uint32_t worker, std::span<const std::byte> payload);
  absl::Status OnForget(uint32_t worker, std::span<const std::byte> payload);

  // ---- The primary as a party

  // From now on it takes messages and requests; before, they are dropped.
  void OpenPrimary() { primary_takes_ = true; }
  // It asks a worker. False if that one has ended, or kMaxOpenRequests wait.
  bool AddRequestOfPrimary(uint64_t request, uint32_t asked);
  // It waits no more for a reply. Returns whom to tell, if anybody.
  std::optional<uint32_t> ForgetRequestOfPrimary(uint64_t request);
  // It answers, or cannot. False if nobody waits for that.
  bool EndRequestToPrimary(RequestKey key);
  void FailRequestToPrimary(RequestKey key, cluster_status status);
  // It sends something itself: `bytes` that end at position `end`.
  void AddOfPrimary(uint32_t to, uint64_t end, uint64_t bytes);

  // The kernel has taken so much of the channel of `worker`, in all.
  void OnWritten(uint32_t worker, uint64_t written_bytes);

  // What waits for a stuck worker beyond this is dropped.
  static constexpr uint64_t kMaxStuckBytes = MessagePeer::kMaxStuckBytes;

  // Descriptors of one sender that wait here for others to read, at most. A
  // copy for each of all others is paid for but once.
  static constexpr size_t kMaxHeldFds = 256;

  // To be called about once a second while AnyWaits(). A worker that had
  // something to read at the last call, and whose channel took nothing since,
  // is stuck until it has read all: nobody's window is charged for it.
  void Tick();
  bool AnyWaits() const;

  // Bytes of others' messages that `worker` has not read.
  uint64_t WaitingBytes(uint32_t worker) const;
  size_t open_requests() const { return requests_.size(); }

 private:
  using Peer = MessagePeer;

  Peer* Find(uint32_t worker) const;

  // Sets from.targets. `*refusal` is why a request goes nowhere.
  absl::Status Resolve(Peer& from,
                       const MessageHead& head,
                       cluster_status* refusal);
  // The primary takes no messages.
  void RefuseForPrimary(Peer& from,
                        const MessageHead& head,
                        cluster_status* refusal);
  absl::Status ResolveReply(Peer& from, const MessageHead& head);
  void AddTarget(Peer& from, uint32_t worker);
  // Sends a part to the targets, and charges them for it.
  void Forward(Peer& from,
               FrameType type,
               std::span<const std::byte> head,
               std::span<const std::byte> bytes,
               std::vector<UniqueFd> fds,
               uint64_t cost);
  // Queues a frame, at the cost of `sender` until it is written.
  void QueueFor(Peer& to,
                FrameType type,
                std::span<const std::byte> head,
                std::span<const std::byte> bytes,
                std::vector<UniqueFd> fds,
                uint32_t sender,
                uint64_t cost);
  // The message that it is sending goes no further to those who take no more.
  void CutFull(Peer& from);
  // It ends here: `target` will not see the rest of what `from` is sending.
  void Cut(const Peer& from, uint32_t target);
  void EndIfWhole(Peer& from);
  void FailRequest(RequestKey key, cluster_status status);
  // At nobody's cost. Does nothing for a worker that has ended.
  void QueueNotice(uint32_t to,
                   FrameType type,
                   std::span<const std::byte> head);
  void Settle(uint32_t sender, uint64_t cost);
  void GiveCredit(Peer& peer);
  void ReportDropped(Peer& peer);
  // Takes the lost ones out of `*fds`, and returns how many they were.
  uint32_t DropLost(Peer& from, std::vector<UniqueFd>* fds);
  void TellLost(Peer& from, absl::string_view why);
  // The descriptors of a message from `from` for one of its targets: `fds`
  // themselves for the last. Fewer, or none, where they cannot be had.
  std::vector<UniqueFd> FdsFor(Peer& from,
                               const Peer& to,
                               std::vector<UniqueFd>& fds,
                               bool last);
  // Fewer where the kernel has no descriptor left.
  std::vector<UniqueFd> CopiesOf(const std::vector<UniqueFd>& fds);
  // Whether `fds` more of `from` may wait for `to` to read.
  bool MayHold(const Peer& from, const Peer& to, size_t fds);
  size_t HeldFds(const Peer& from) const;

  Out& out_;
  absl::btree_map<uint32_t, std::unique_ptr<Peer>> peers_;  // by id
  absl::btree_map<uint32_t, uint32_t> newest_;  // worker of a slot, by slot
  RequestTable requests_;
  bool primary_takes_ = false;
};

}  // namespace cluster

#endif  // CORE_PRIMARY_MESSAGES_MESSAGE_ROUTER_H_
