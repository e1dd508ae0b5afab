// Stream: the primary's end of a pipe to a worker.
//
// Nothing is read before on_data() is called: what the worker writes waits in
// the kernel, and then the worker does. Slot 0 of a worker can only be written,
// 1 and 2 only be read, others both.
//
// Thread safety: the cluster's thread. Lifetime: while it is read it lives on,
// whoever lets it go, until its end; it closes with its cluster.
//
//   worker->process().stream(1)->on_data([](std::string_view text) { ... });
#ifndef CORE_CLUSTER_STREAM_H_
#define CORE_CLUSTER_STREAM_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace cluster {

class FdWatch;
class UniqueFd;

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  using DataFunction = std::function<void(std::string_view data)>;
  using EndFunction = std::function<void()>;

  // Takes `fd`, non-blocking. Null: the kernel will not watch it.
  static std::shared_ptr<Stream> Create(boost::asio::io_context& io,
                                        UniqueFd fd);
  ~Stream();

  // Reads from now on, and calls `data` with what comes, `end` once behind the
  // last, or when the stream fails.
  void on_data(DataFunction data, EndFunction end = {});

  // Queues what the kernel does not take at once, in memory and without a
  // limit: who writes much looks at queued_bytes(). False: it is closed.
  bool write(std::string_view data);
  // Bytes that the kernel has not taken.
  size_t queued_bytes() const;
  // Closes this end for writing, behind what is queued.
  void end();

  // Closes it: nothing is called any more. What is queued is lost.
  void close();

 private:
  struct State;
  explicit Stream(std::unique_ptr<State> state);
  void Read();
  void Flush();
  void Finish();

  std::unique_ptr<State> state_;  // null once closed
};

}  // namespace cluster

#endif  // CORE_CLUSTER_STREAM_H_
