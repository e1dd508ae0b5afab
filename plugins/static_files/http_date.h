// Dates as HTTP writes them: RFC 9110, 5.6.7. Whole seconds since 1970, UTC.
//
// Thread safety: functions of their arguments; a DateCache belongs to a thread.
//
//   head.Add("Last-Modified", FormatHttpDate(mtime_s));
#ifndef PLUGINS_STATIC_FILES_HTTP_DATE_H_
#define PLUGINS_STATIC_FILES_HTTP_DATE_H_

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace cluster::static_files {

// Returns "Sun, 06 Nov 1994 08:49:37 GMT". A date outside the years 0 to 9999
// is that of 1970.
std::string FormatHttpDate(time_t seconds);

// Reads any of the three forms that a recipient has to accept: that of
// FormatHttpDate, RFC 850's and asctime's. None: it is not a date.
std::optional<time_t> ParseHttpDate(std::string_view text);

// The text of the present second, made once for it.
class DateCache {
 public:
  // Valid until the next call.
  std::string_view At(time_t now) {
    if (now != second_) {
      second_ = now;
      text_ = FormatHttpDate(now);
    }
    return text_;
  }

 private:
  time_t second_ = 0;
  std::string text_ = FormatHttpDate(0);
};

}  // namespace cluster::static_files

#endif  // PLUGINS_STATIC_FILES_HTTP_DATE_H_
