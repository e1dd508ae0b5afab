// PrimaryMailbox: what comes, and when large bytes are freed.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/primary/messages/primary_mailbox.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {

// ---- What comes

void PrimaryMailbox::OnWhole(ReceivedMessage message) {
  const uint32_t from = message.head.from_worker;
  if (message.head.is_reply != 0 || (Takes(from) && !inbox_.has_kept(from))) {
    return Deliver(std::move(message));
  }
  const RequestKey key = {.asker = message.head.from_worker,
                          .request = message.head.request};
  if (inbox_.Keep(std::move(message))) return;
  FreeSoon(message.Share());
  if (key.request != 0) router_.FailRequestToPrimary(key, CLUSTER_E_FULL);
  if (dropped_++ == 0) {
    carrier_.Trouble(
        "messages to the primary are dropped: too much waits that the program "
        "does not ask for");
  }
}

void PrimaryMailbox::Deliver(ReceivedMessage message) {
  const DeliveryHead& head = message.head;
  SharedBytes large;
  if (StepwiseFree::IsLarge(message.bytes().size())) large = message.Share();
  MailboxMessage shown = {.worker = head.from_worker,
                          .slot = head.from_slot,
                          .bytes = message.bytes(),
                          .large = large,
                          .fds = std::move(message.fds),
                          .request = {}};
  if (head.is_reply != 0) {
    const auto waiting = requests_.Take(head.request);
    if (waiting.has_value()) waiting->replied(std::move(shown));
  } else {
    if (head.request != 0) {
      shown.request = {.asker = head.from_worker, .request = head.request};
    }
    const std::shared_ptr<Received> received = received_;
    (*received)(shown);
  }
  // What the program has kept is its to free.
  shown.large = {};
  if (large.is_sole()) FreeSoon(std::move(large));
}

void PrimaryMailbox::FreeSoon(SharedBytes bytes) {
  free_.Add(std::move(bytes));
  if (!free_.empty()) carrier_.CallSoon();
}

void PrimaryMailbox::FreeSome() {
  if (free_.empty()) return;
  const bool all_sent =
      std::all_of(outboxes_.begin(), outboxes_.end(), [](const auto& entry) {
        return entry.second->unsent() == 0;
      });
  if (free_.Step(all_sent)) carrier_.CallSoon();
}

void PrimaryMailbox::OnMessage(Received received, Wants wants) {
  received_ = std::make_shared<Received>(std::move(received));
  wants_ = std::move(wants);
  carrier_.CallSoon();
}

void PrimaryMailbox::DeliverKept() {
  for (const uint32_t worker : inbox_.KeptOf()) DeliverKeptOf(worker);
}

void PrimaryMailbox::DeliverKeptOf(uint32_t worker) {
  if (!inbox_.has_kept(worker) || !Takes(worker)) return;
  if (const uint64_t dropped = std::exchange(dropped_, 0); dropped > 0) {
    carrier_.Trouble(absl::StrCat(
        dropped, " messages were dropped before the program asked for them"));
  }
  while (inbox_.has_kept(worker)) Deliver(inbox_.TakeKept(worker));
}

}  // namespace cluster
