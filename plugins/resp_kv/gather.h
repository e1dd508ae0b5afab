// One reply from those of the parts of a request. An error among them is the
// answer: parts that were done stay done.
//
// Thread safety: free functions.
//
//   std::string out;
//   GatherSum({":1\r\n", ":3\r\n"}, &out);  // ":4\r\n"
#ifndef PLUGINS_RESP_KV_GATHER_H_
#define PLUGINS_RESP_KV_GATHER_H_

#include <string>
#include <vector>

namespace cluster::resp_kv {

using Replies = std::vector<std::string>;
// Appends one reply to `out`. `replies` is not empty.
using Gather = void (*)(const Replies& replies, std::string* out);

void GatherOne(const Replies& replies, std::string* out);
void GatherArray(const Replies& replies, std::string* out);  // in order
void GatherSum(const Replies& replies, std::string* out);
void GatherAllOk(const Replies& replies, std::string* out);

}  // namespace cluster::resp_kv

#endif  // PLUGINS_RESP_KV_GATHER_H_
