#include "core/cluster/value/value_archive.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cluster {
namespace {

class Saver {
 public:
  explicit Saver(ArchiveOutput& output) : output_(output) {}

  void Save(const Value& value) {
    Put(value.kind());
    switch (value.kind()) {
      case Value::Kind::kNull:
        return;
      case Value::Kind::kBool:
        return Put(*value.As<bool>());
      case Value::Kind::kInt:
        return Put(*value.As<int64_t>());
      case Value::Kind::kDouble:
        return Put(*value.As<double>());
      case Value::Kind::kString:
        return PutBlock(*value.As<std::string>());
      case Value::Kind::kBytes:
        return PutBlock(*value.As<Value::Bytes>());
      case Value::Kind::kList:
        Enter();
        Put(uint64_t{value.size()});
        for (const Value& element : *value.As<Value::List>()) Save(element);
        --depth_;
        return;
      case Value::Kind::kMap:
        Enter();
        Put(uint64_t{value.size()});
        for (const auto& [key, element] : *value.As<Value::Map>()) {
          PutBlock(key);
          Save(element);
        }
        --depth_;
        return;
    }
  }

 private:
  void Enter() {
    if (++depth_ > Value::kMaxDepth) {
      throw std::runtime_error(absl::StrCat(
          "a value whose lists and maps nest deeper than ", Value::kMaxDepth));
    }
  }
  template <class T>
  void Put(T number) {
    output_.Write(&number, sizeof(number));
  }
  template <class Block>
  void PutBlock(const Block& block) {
    Put(uint64_t{block.size()});
    output_.Write(block.data(), block.size());
  }

  ArchiveOutput& output_;
  int depth_ = 0;
};

class Loader {
 public:
  explicit Loader(ArchiveInput& input) : input_(input) {}

  Value Load() {
    if (++count_ > Value::kMaxCount) {
      throw std::runtime_error(
          absl::StrCat("more than ", Value::kMaxCount, " values"));
    }
    const auto kind = Get<uint8_t>();
    switch (static_cast<Value::Kind>(kind)) {
      case Value::Kind::kNull:
        return Value();
      case Value::Kind::kBool:
        return input_.ReadBool();
      case Value::Kind::kInt:
        return Get<int64_t>();
      case Value::Kind::kDouble:
        return Get<double>();
      case Value::Kind::kString:
        return GetBlock<std::string>();
      case Value::Kind::kBytes:
        return GetBlock<Value::Bytes>();
      case Value::Kind::kList:
        return LoadList();
      case Value::Kind::kMap:
        return LoadMap();
    }
    throw std::runtime_error(
        absl::StrCat("a value is of kind ", kind, ", which there is not"));
  }

 private:
  void Enter() {
    if (++depth_ > Value::kMaxDepth) {
      throw std::runtime_error(absl::StrCat(
          "a value whose lists and maps nest deeper than ", Value::kMaxDepth));
    }
  }
  template <class T>
  T Get() {
    T number;
    input_.Read(&number, sizeof(number));
    return number;
  }
  // Sizes are checked before memory is taken. An element of a list takes a byte
  // at least, one of a map nine more.
  uint64_t GetSize(size_t element_bytes) {
    const auto size = Get<uint64_t>();
    input_.ExpectElements(size, element_bytes);
    return size;
  }
  template <class Block>
  Block GetBlock() {
    const std::span<const std::byte> bytes =
        input_.Take(static_cast<size_t>(GetSize(1)));
    const auto* const first =
        reinterpret_cast<const typename Block::value_type*>(bytes.data());
    return Block(first, first + bytes.size());
  }

  Value LoadList() {
    Enter();
    Value::List list;
    for (uint64_t left = GetSize(1); left > 0; --left) list.push_back(Load());
    --depth_;
    return list;
  }
  Value LoadMap() {
    Enter();
    Value::Map map;
    for (uint64_t left = GetSize(9); left > 0; --left) {
      auto key = GetBlock<std::string>();
      if (!map.empty() && key <= map.rbegin()->first) {
        throw std::runtime_error("a value's keys are not in order");
      }
      map.emplace_hint(map.end(), std::move(key), Load());
    }
    --depth_;
    return map;
  }

  ArchiveInput& input_;
  int depth_ = 0;
  size_t count_ = 0;
};

}  // namespace

// NOLINTBEGIN(readability-identifier-naming)

void save(ArchiveOutput& output, const Value& value) {
  Saver(output).Save(value);
}

void load(ArchiveInput& input, Value& value) { value = Loader(input).Load(); }

// NOLINTEND(readability-identifier-naming)

}  // namespace cluster
