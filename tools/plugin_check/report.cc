#include "tools/plugin_check/report.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/log/json_string.h"
#include "plugins/abi/cluster_plugin.h"

namespace cluster {
namespace {

constexpr size_t kShownNames = 10;

std::string Version(uint32_t major, uint32_t minor) {
  return absl::StrCat(major, ".", minor);
}

std::vector<absl::string_view> Sanitizers(const PluginInfo& info) {
  std::vector<absl::string_view> names;
  if (info.needs_asan) names.push_back("address");
  if (info.needs_tsan) names.push_back("thread");
  return names;
}

// Terminals obey control characters; a file must not write on one.
std::string Printable(absl::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return shown;
}

// ---- The table

template <typename List>
std::string Words(const List& list) {
  if (list.empty()) return "none";
  const size_t shown = std::min(list.size(), kShownNames);
  std::string text = absl::StrJoin(list.begin(), list.begin() + shown, " ");
  if (list.size() > shown) {
    absl::StrAppend(&text, " and ", list.size() - shown, " more");
  }
  return text;
}

void Row(absl::string_view field, absl::string_view value, std::string* out) {
  absl::StrAppendFormat(
      out, "%-13s%s\n", field, value.empty() ? "unknown" : Printable(value));
}

// ---- JSON

// Writes fields one after the other.
class JsonObject {
 public:
  void Text(absl::string_view field, absl::string_view value) {
    Name(field);
    AppendJsonString(value, &json_);
  }
  void Number(absl::string_view field, uint64_t value) {
    Name(field);
    absl::StrAppend(&json_, value);
  }
  void Flag(absl::string_view field, bool value) {
    Name(field);
    absl::StrAppend(&json_, value ? "true" : "false");
  }
  template <typename List>
  void Texts(absl::string_view field, const List& values) {
    Name(field);
    json_ += '[';
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) json_ += ',';
      AppendJsonString(values[i], &json_);
    }
    json_ += ']';
  }
  // The object ends here.
  std::string Line() && { return std::move(json_) + "}\n"; }

 private:
  void Name(absl::string_view field) {
    json_ += json_.empty() ? '{' : ',';
    AppendJsonString(field, &json_);
    json_ += ':';
  }

  std::string json_;
};

void Conclude(absl::string_view path,
              const absl::Status& verdict,
              JsonObject& json) {
  json.Text("path", path);
  json.Flag("compatible", verdict.ok());
  if (!verdict.ok()) json.Text("reason", verdict.message());
}

}  // namespace

std::string FormatTable(const Inspection& seen) {
  const PluginInfo& info = seen.info;
  std::string out;
  Row("path", seen.path, &out);
  Row("name", info.name, &out);
  Row("version", info.version, &out);
  Row("kind",
      absl::StrCat(info.kind,
                   info.kind == CLUSTER_PLUGIN_KIND_WORKER ? " (worker)" : ""),
      &out);
  Row("ABI",
      absl::StrCat("built for ",
                   Version(info.abi_major, info.abi_minor),
                   ", needs ",
                   Version(info.abi_major, info.abi_minor_min),
                   " or later"),
      &out);
  Row("services",
      info.has_note ? Words(info.required_services) : std::string(),
      &out);
  if (!info.optional_services.empty()) {
    Row("optional", Words(info.optional_services), &out);
  }
  Row("compiler", info.compiler, &out);
  Row("sanitizers", Words(Sanitizers(info)), &out);
  Row("build id", info.build_id.empty() ? "none" : info.build_id, &out);
  Row("note", info.has_note ? "yes" : "no", &out);
  Row("exports", Words(seen.exported), &out);
  Row("libraries", Words(seen.needed), &out);
  Row("unresolvable", Words(seen.unresolvable), &out);
  Row("this host",
      seen.verdict.ok() ? "takes it; check tells if it loads" : "cannot run it",
      &out);
  for (const std::string& warning : seen.warnings) {
    Row("warning", warning, &out);
  }
  return out;
}

std::string FormatJson(const Inspection& seen) {
  const PluginInfo& info = seen.info;
  JsonObject json;
  Conclude(seen.path, seen.verdict, json);
  json.Texts("warnings", seen.warnings);
  json.Flag("has_note", info.has_note);
  json.Text("name", info.name);
  json.Text("version", info.version);
  json.Number("kind", info.kind);
  json.Number("abi_major", info.abi_major);
  json.Number("abi_minor", info.abi_minor);
  json.Number("abi_minor_min", info.abi_minor_min);
  json.Texts("required_services", info.required_services);
  json.Texts("optional_services", info.optional_services);
  json.Text("compiler", info.compiler);
  json.Texts("sanitizers", Sanitizers(info));
  json.Text("build_id", info.build_id);
  json.Texts("exported", seen.exported);
  json.Texts("libraries", seen.needed);
  json.Texts("unresolvable", seen.unresolvable);
  return std::move(json).Line();
}

std::string FormatJson(absl::string_view path, const absl::Status& why) {
  JsonObject json;
  Conclude(path, why, json);
  return std::move(json).Line();
}

}  // namespace cluster
