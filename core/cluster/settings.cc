#include "core/cluster/settings.h"

namespace cluster {

Settings Merge(const Settings& current, const Settings& change) {
  Settings merged = current;
  const auto take = [&](auto Settings::* member) {
    if ((change.*member).has_value()) merged.*member = change.*member;
  };
  take(&Settings::exec);
  take(&Settings::plugin);
  take(&Settings::args);
  take(&Settings::exec_args);
  take(&Settings::cwd);
  take(&Settings::silent);
  take(&Settings::stdio);
  take(&Settings::uid);
  take(&Settings::gid);
  take(&Settings::serialization);
  return merged;
}

}  // namespace cluster
