// Reporter: how a probe tells plugin_check what it sees, as it sees it, so that
// nothing is lost when the plugin ends the process.
//
// Two descriptors are inherited: a pipe for records, one a line, and a page of
// shared memory that says what the plugin is doing. A record is
//   finding <TAB> name <TAB> text      see finding.h
//   saw <TAB> service.function         one that a host may refuse was called
//   asked <TAB> id                     a service that the plugin used and does
//   not
//                                      require
//   skip <TAB> why                     this probe could not look
//   done                               the last
//
// Thread safety: any thread.
//
//   Reporter::Get().Found(Finding::kPrinted, "\"hello\"");
#ifndef TOOLS_PLUGIN_CHECK_PROBE_REPORTER_H_
#define TOOLS_PLUGIN_CHECK_PROBE_REPORTER_H_

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "tools/plugin_check/probe/finding.h"

namespace cluster {

inline constexpr int kReportFd = 3;
inline constexpr int kWhereFd = 4;
inline constexpr size_t kWhereBytes = 256;

class Reporter {
 public:
  // The process's; never destroyed, since threads of the plugin may outlive
  // main.
  static Reporter& Get();

  void Found(Finding finding, absl::string_view text);
  void Saw(absl::string_view function) { Write("saw", function); }
  void Asked(absl::string_view id) { Write("asked", id); }
  void Skip(absl::string_view why) { Write("skip", why); }
  void Done() { Write("done", ""); }

  // Says what the plugin is doing from now on.
  void At(absl::string_view where);

 private:
  Reporter();
  void Write(absl::string_view record, absl::string_view text);

  char* where_ = nullptr;  // shared; null when there is none
  std::mutex mutex_;
  std::set<std::string> written_;           // by mutex_
  std::map<Finding, size_t> texts_so_far_;  // by mutex_
};

}  // namespace cluster

#endif  // TOOLS_PLUGIN_CHECK_PROBE_REPORTER_H_
