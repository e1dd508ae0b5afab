#include "plugins/testing/abi_tags.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "plugins/testing/loading.h"

namespace cluster {
namespace {

constexpr std::array<absl::string_view, 6> kStates = {
    "loaded", "created", "started", "draining", "stopped", "destroyed"};

// Of a comment or a declaration, on one line and without what marks a comment.
std::string OnOneLine(const std::string& text) {
  std::vector<std::string> words =
      absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  std::erase_if(words, [](const std::string& word) {
    return word == "/*" || word == "*/" || word == "*";
  });
  return absl::StrJoin(words, " ");
}

std::string FirstGroup(const std::string& text, const std::string& pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str()
                                                             : "";
}

AbiFunction Describe(const std::string& table,
                     const std::string& declaration,
                     const std::string& comment) {
  static const std::regex kPointer(R"(\(\*(\w+)\))");
  AbiFunction function = {.table = table,
                          .name = "",
                          .tag = FirstGroup(comment, R"(\[([^\]]*)\]$)"),
                          .callbacks = {}};
  for (std::sregex_iterator at(
           declaration.begin(), declaration.end(), kPointer);
       at != std::sregex_iterator();
       ++at) {
    const std::string name = (*at)[1];
    if (function.name.empty()) {
      function.name = name;
    } else {
      function.callbacks[name] =
          FirstGroup(comment, absl::StrCat("`", name, R"(` \[([^\]]*)\])"));
    }
  }
  return function;
}

// The functions of a struct, whose members are `body`.
void AppendFunctions(const std::string& table,
                     const std::string& body,
                     std::vector<AbiFunction>* functions) {
  // A comment, or all up to the end of a member.
  static const std::regex kPiece(R"(/\*[^]*?\*/|[^;/]+;)");
  std::string comment;
  for (std::sregex_iterator at(body.begin(), body.end(), kPiece);
       at != std::sregex_iterator();
       ++at) {
    const std::string piece = OnOneLine(at->str());
    if (at->str().starts_with("/*")) {
      comment = piece;
      continue;
    }
    if (piece.find("(*") != std::string::npos) {
      functions->push_back(Describe(table, piece, comment));
    }
    comment.clear();  // it was this member's
  }
}

// The state's place in kStates; none if it is no state.
std::optional<size_t> StateNumber(absl::string_view name) {
  const auto* const at = std::find(kStates.begin(), kStates.end(), name);
  if (at == kStates.end()) return std::nullopt;
  return static_cast<size_t>(at - kStates.begin());
}

// "created, started", "created to draining", "created and later".
std::optional<uint32_t> ParseStates(const std::string& text) {
  std::smatch span;
  static const std::regex kSpan(R"((\w+)(?: to (\w+)| (and later)))");
  if (std::regex_match(text, span, kSpan)) {
    const auto first = StateNumber(span[1].str());
    const auto last =
        StateNumber(span[3].matched ? "destroyed" : span[2].str());
    if (!first || !last || *first >= *last) return std::nullopt;
    return (uint32_t{2} << *last) - (uint32_t{1} << *first);
  }
  uint32_t states = 0;
  for (const absl::string_view name : absl::StrSplit(text, ", ")) {
    const auto state = StateNumber(name);
    // In order, and none twice.
    if (!state || states >> *state != 0) return std::nullopt;
    states |= uint32_t{1} << *state;
  }
  return states;
}

}  // namespace

std::vector<AbiFunction> ReadAbiFunctions(const std::string& header) {
  static const std::regex kStruct(
      R"(\n(?:typedef )?struct (\w+) \{\n([^]*?)\n\}[^;]*;)");
  std::vector<AbiFunction> functions;
  for (std::sregex_iterator at(header.begin(), header.end(), kStruct);
       at != std::sregex_iterator();
       ++at) {
    AppendFunctions((*at)[1], (*at)[2], &functions);
  }
  return functions;
}

std::optional<AbiTag> ParseAbiTag(const std::string& tag) {
  static const std::regex kTag(R"((loop|any)-thread & ([^;]+?)(?:; (.+))?)");
  std::smatch match;
  if (!std::regex_match(tag, match, kTag)) return std::nullopt;
  const std::optional<uint32_t> states = ParseStates(match[2]);
  if (!states) return std::nullopt;
  return AbiTag{.on_loop_thread = match[1] == "loop",
                .states = *states,
                .remark = match[3]};
}

std::vector<AbiFunction> ReadAllAbiFunctions() {
  std::vector<AbiFunction> all;
  for (const auto& entry :
       std::filesystem::directory_iterator(DataPath("plugins/abi"))) {
    if (entry.path().extension() != ".h") continue;
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const std::vector<AbiFunction> functions = ReadAbiFunctions(text);
    all.insert(all.end(), functions.begin(), functions.end());
  }
  return all;
}

}  // namespace cluster
