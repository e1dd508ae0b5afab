// Descriptors of messages on their way: the part of MessageRouter that copies
// and bounds them, and says which are lost.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/unique_fd.h"
#include "core/control/user_message.h"
#include "core/primary/messages/message_router.h"
#include "ipc/lost_descriptors.h"

namespace cluster {

uint32_t MessageRouter::DropLost(Peer& from, std::vector<UniqueFd>* fds) {
  const auto lost = static_cast<uint32_t>(CountLost(*fds));
  if (lost == 0) return 0;
  fds->resize(fds->size() - lost);
  TellLost(from, DescriptorsLost().message());
  return lost;
}

void MessageRouter::TellLost(Peer& from, absl::string_view why) {
  if (std::exchange(from.lost_fds, true)) return;
  out_.Trouble(absl::StrCat("messages from worker ",
                            from.id,
                            " go without their descriptors: ",
                            why));
}

size_t MessageRouter::HeldFds(const Peer& from) const {
  size_t count = 0;
  for (const auto& [id, peer] : peers_) count += peer->waiting.FdsOf(from.id);
  return count;
}

std::vector<UniqueFd> MessageRouter::CopiesOf(
    const std::vector<UniqueFd>& fds) {
  std::vector<UniqueFd> copies;
  for (const UniqueFd& fd : fds) {
    absl::StatusOr<UniqueFd> copy = out_.CopyFd(fd);
    if (!copy.ok()) break;
    copies.push_back(*std::move(copy));
  }
  return copies;
}

bool MessageRouter::MayHold(const Peer& from, const Peer& to, size_t fds) {
  // A stuck one gets no more than a message has: else it would use up what
  // others are to get.
  if (to.stuck && to.waiting.FdsOf(from.id) + fds > kMaxUserMessageFds) {
    return false;
  }
  if (HeldFds(from) + fds <= kMaxHeldFds) return true;
  // What only waits for the end of this turn is not held by anybody.
  out_.Flush();
  return HeldFds(from) + fds <= kMaxHeldFds;
}

std::vector<UniqueFd> MessageRouter::FdsFor(Peer& from,
                                            const Peer& to,
                                            std::vector<UniqueFd>& fds,
                                            bool last) {
  if (fds.empty()) return {};
  if (!MayHold(from, to, fds.size())) {
    TellLost(from, absl::StrCat("worker ", to.id, " does not read"));
    return {};
  }
  if (last) return std::move(fds);
  std::vector<UniqueFd> copies = CopiesOf(fds);
  if (copies.size() < fds.size()) TellLost(from, DescriptorsLost().message());
  return copies;
}

}  // namespace cluster
