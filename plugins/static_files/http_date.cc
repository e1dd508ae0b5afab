#include "plugins/static_files/http_date.h"

#include <array>
#include <cstdio>

namespace cluster::static_files {
namespace {

// Not by strftime(3) and strptime(3), which follow the process's locale.
constexpr std::array<const char*, 7> kDays = {"Sunday",
                                              "Monday",
                                              "Tuesday",
                                              "Wednesday",
                                              "Thursday",
                                              "Friday",
                                              "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan",
                                                      "Feb",
                                                      "Mar",
                                                      "Apr",
                                                      "May",
                                                      "Jun",
                                                      "Jul",
                                                      "Aug",
                                                      "Sep",
                                                      "Oct",
                                                      "Nov",
                                                      "Dec"};

// Takes the parts of a date off the front of a text; each returns whether it
// was there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool Literal(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  bool Digits(size_t count, int* out) {
    if (rest_.size() < count) return false;
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    *out = value;
    return true;
  }

  bool Month(int* out) {
    for (size_t i = 0; i < kMonths.size(); ++i) {
      if (Literal(kMonths[i])) return *out = static_cast<int>(i), true;
    }
    return false;
  }

  bool ShortDay() {
    for (const std::string_view day : kDays) {
      if (Literal(day.substr(0, 3))) return true;
    }
    return false;
  }

  bool LongDay() {
    for (const std::string_view day : kDays) {
      if (Literal(day)) return true;
    }
    return false;
  }

  bool Time(tm* out) {
    return Digits(2, &out->tm_hour) && Literal(":") &&
           Digits(2, &out->tm_min) && Literal(":") && Digits(2, &out->tm_sec);
  }

  bool Year(tm* out) {
    if (!Digits(4, &out->tm_year)) return false;
    out->tm_year -= 1900;
    return true;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Sun, 06 Nov 1994 08:49:37 GMT
bool ReadFixed(Reader reader, tm* out) {
  return reader.ShortDay() && reader.Literal(", ") &&
         reader.Digits(2, &out->tm_mday) && reader.Literal(" ") &&
         reader.Month(&out->tm_mon) && reader.Literal(" ") &&
         reader.Year(out) && reader.Literal(" ") && reader.Time(out) &&
         reader.Literal(" GMT") && reader.at_end();
}

// Sunday, 06-Nov-94 08:49:37 GMT. Years are 1970 to 2069.
bool ReadRfc850(Reader reader, tm* out) {
  const bool fits = reader.LongDay() && reader.Literal(", ") &&
                    reader.Digits(2, &out->tm_mday) && reader.Literal("-") &&
                    reader.Month(&out->tm_mon) && reader.Literal("-") &&
                    reader.Digits(2, &out->tm_year) && reader.Literal(" ") &&
                    reader.Time(out) && reader.Literal(" GMT") &&
                    reader.at_end();
  if (out->tm_year < 70) out->tm_year += 100;
  return fits;
}

// Sun Nov  6 08:49:37 1994
bool ReadAsctime(Reader reader, tm* out) {
  const bool starts = reader.ShortDay() && reader.Literal(" ") &&
                      reader.Month(&out->tm_mon) && reader.Literal(" ");
  if (!starts) return false;
  const size_t digits = reader.Literal(" ") ? 1 : 2;
  return reader.Digits(digits, &out->tm_mday) && reader.Literal(" ") &&
         reader.Time(out) && reader.Literal(" ") && reader.Year(out) &&
         reader.at_end();
}

// timegm(3) would take the 32nd of a month for a day of the next.
std::optional<time_t> ToSeconds(const tm& read) {
  tm date = read;
  const time_t seconds = timegm(&date);
  const bool leap = read.tm_sec == 60;
  if (read.tm_mday < 1 || read.tm_hour > 23 || read.tm_min > 59 ||
      read.tm_sec > 60 || (!leap && date.tm_mday != read.tm_mday)) {
    return std::nullopt;
  }
  return seconds;
}

}  // namespace

std::string FormatHttpDate(time_t seconds) {
  tm date = {};
  if (gmtime_r(&seconds, &date) == nullptr || date.tm_year + 1900 < 0 ||
      date.tm_year + 1900 > 9999) {
    const time_t start = 0;
    gmtime_r(&start, &date);
  }
  char text[64];
  const int size = std::snprintf(text,
                                 sizeof(text),
                                 "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                                 kDays[date.tm_wday],
                                 date.tm_mday,
                                 kMonths[date.tm_mon].data(),
                                 date.tm_year + 1900,
                                 date.tm_hour,
                                 date.tm_min,
                                 date.tm_sec);
  return std::string(text, size);
}

std::optional<time_t> ParseHttpDate(std::string_view text) {
  for (const auto read : {&ReadFixed, &ReadRfc850, &ReadAsctime}) {
    tm date = {};
    if (read(Reader(text), &date)) return ToSeconds(date);
  }
  return std::nullopt;
}

}  // namespace cluster::static_files
