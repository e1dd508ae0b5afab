// Responder: the answer to a message, from one zone. No I/O.
//
// Thread safety: immutable once made. Lifetime: the zone must outlive it.
//
//   std::string answer;
//   responder.Answer(query, Responder::Transport::kUdp, &answer);
#ifndef PLUGINS_DNS_RESPONDER_H_
#define PLUGINS_DNS_RESPONDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/answer_writer.h"
#include "plugins/dns/query.h"
#include "plugins/dns/zone.h"

namespace cluster::dns {

class Responder {
 public:
  enum class Transport { kUdp, kTcp };

  // What fits through nearly every network without fragments.
  static constexpr uint16_t kDefaultUdpBytes = 1232;

  // Over UDP no answer is larger than `max_udp_bytes`, 512 to 65535, whatever a
  // client says that it takes.
  explicit Responder(const Zone& zone,
                     uint16_t max_udp_bytes = kDefaultUdpBytes)
      : zone_(zone), max_udp_bytes_(max_udp_bytes) {}

  // Appends the answer to `message` to `*out`. False: there is none to give,
  // and nothing was appended.
  bool Answer(std::string_view message,
              Transport transport,
              std::string* out) const;

 private:
  size_t LimitOf(const Query& query, Transport transport) const;
  Rcode Refusal(const Query& query) const;
  // Fills in the answer to a good question.
  void Resolve(const Query& query, AnswerWriter& writer) const;
  // Adds what `name` has of `type`. Returns the name to which a CNAME leads;
  // null if the answer is finished.
  const Name* AddNode(uint16_t type,
                      const std::vector<RecordSet>& sets,
                      const Name& name,
                      AnswerWriter& writer) const;
  void AddReferral(const Zone::Found& found,
                   bool authoritative,
                   AnswerWriter& writer) const;
  void FinishWithSoa(Rcode rcode, AnswerWriter& writer) const;

  const Zone& zone_;
  const uint16_t max_udp_bytes_;
};

}  // namespace cluster::dns

#endif  // PLUGINS_DNS_RESPONDER_H_
