// From an op to the canonical bytes that its digest is taken of; the format is in record.h.
#include "ir/record.h"

#include <array>

#include "ir/base/canonical_json.h"
#include "ir/base/check.h"

namespace strata::ir {
namespace {

// The versions of strata's own behaviour that records name: how a RUN is confined, and how files
// are written. A change of either changes the keys, knowingly.
// Trees: 2 since copied hard links are files of their layers, and ADD and --chmod treat directories
// that they need as BuildKit does.
constexpr int kSandboxProfile = 2;
constexpr int kTreeProfile = 2;
// How an image is made of its steps: 2 since every image has a PATH, one on scratch a working
// directory, and its platform is the target's.
constexpr int kAssembly = 2;

template <typename Op>
constexpr bool kRunsCommands = std::is_same_v<Op, Exec>;
template <typename Op>
constexpr bool kMakesFiles =
    std::is_same_v<Op, Exec> || std::is_same_v<Op, Copy> || std::is_same_v<Op, Mkdir> ||
    std::is_same_v<Op, Local> || std::is_same_v<Op, Inline>;

using InputDigest = std::function<Digest(OpId)>;

// Writes one value of any field type.
class ValueWriter {
 public:
  ValueWriter(CanonicalJson& json, const InputDigest& input) : json_(&json), input_(&input) {}

  void write(const std::string& value) { json_->string(value); }
  void write(std::int64_t value) { json_->integer(value); }
  void write(bool value) { json_->boolean(value); }
  void write(const Digest& value) { json_->string(value.str()); }
  void write(OpId value) { json_->string((*input_)(value).str()); }
  void write(const std::pair<std::string, std::string>& value) {
    json_->begin_array().string(value.first).string(value.second).end_array();
  }
  template <typename T>
  void write(const std::vector<T>& values) {
    write_list(values);
  }
  void write(const SharedStrings& values) { write_list(values); }
  void write(const Environment& environment) { write_list(environment); }
  template <typename T>
  void write(const std::optional<T>& value) {
    STRATA_CHECK(value.has_value(), "an optional field that is not set is left out");
    write(*value);
  }
  // The nested structs: objects of all their members.
  template <Nested T>
  void write(const T& value) {
    json_->begin_object();
    visit_members(value, [&](std::string_view name, const auto& member) {
      json_->key(name);
      write(member);
    });
    json_->end_object();
  }

 private:
  template <typename Range>
  void write_list(const Range& values) {
    json_->begin_array();
    for (const auto& value : values) {
      write(value);
    }
    json_->end_array();
  }

  CanonicalJson* json_;
  const InputDigest* input_;
};

// Writes the fields of one op with the members that every record has between them, in byte order of
// the names (CanonicalJson checks it).
template <typename Op>
class RecordWriter {
 public:
  explicit RecordWriter(const InputDigest& input) : values_(json_, input) {}

  std::string write(const Op& op) {
    json_.begin_object();
    visit_fields(op, [&](std::string_view name, const auto& value, FieldRole role) {
      using Field = std::remove_cvref_t<decltype(value)>;
      if (role == FieldRole::Binding || (role == FieldRole::Key && value == Field{})) {
        return;
      }
      // `tree` is the version of the tree profile in every record.
      const std::string_view key = name == "tree" ? std::string_view("selection") : name;
      write_fixed_before(key);
      json_.key(key);
      values_.write(value);
    });
    write_fixed_before("\x7f");
    json_.end_object();
    return json_.take();
  }

 private:
  void write_fixed_before(std::string_view name) {
    constexpr std::array<std::string_view, 4> kFixed = {"op", "record", "sandbox", "tree"};
    for (; next_fixed_ < kFixed.size() && kFixed[next_fixed_] < name; ++next_fixed_) {
      switch (next_fixed_) {
        case 0:
          json_.key("op").string(Op::kName);
          break;
        case 1:
          json_.key("record").integer(kRecordVersion);
          break;
        case 2:
          if (kRunsCommands<Op>) {
            json_.key("sandbox").integer(kSandboxProfile);
          }
          break;
        default:
          if (kMakesFiles<Op>) {
            json_.key("tree").integer(kTreeProfile);
          }
      }
    }
  }

  CanonicalJson json_;
  ValueWriter values_;
  std::size_t next_fixed_ = 0;
};

}  // namespace

std::string write_record(const Op& op, const std::function<Digest(OpId)>& input) {
  return std::visit(
      [&](const auto& data) {
        return RecordWriter<std::remove_cvref_t<decltype(data)>>(input).write(data);
      },
      op.data);
}

std::vector<std::optional<StepRecord>> records(const Module& module) {
  std::vector<std::optional<StepRecord>> result(module.ops.size());
  for (std::size_t i = 0; i < module.ops.size(); ++i) {
    const Op& op = module.ops[i];
    bool known = is_bound(op);
    for (const OpId operand : operands(op)) {
      STRATA_CHECK(operand.index < i, "an operand must precede its op");
      known = known && result[operand.index].has_value();
    }
    if (known) {
      result[i] = StepRecord{
          Digest::of(write_record(op, [&](OpId id) { return result[id.index]->digest; }))};
    }
  }
  return result;
}

std::string record_json(const Module& module, const std::vector<std::optional<StepRecord>>& records,
                        OpId id) {
  return write_record(module.op(id), [&](OpId input) { return records[input.index]->digest; });
}

std::optional<ImageKey> image_key(const Module& module, const Target& target,
                                  const std::vector<std::optional<StepRecord>>& records,
                                  const ImageKeyInputs& inputs) {
  const Stage& stage = module.stage(target.stage);
  const auto& root = records[stage.root.index];
  const auto& config = records[stage.config.index];
  if (!root.has_value() || !config.has_value()) {
    return std::nullopt;
  }
  CanonicalJson json;
  json.begin_object();
  json.key("assembly").integer(kAssembly);
  const OpId bottom = root_chain(module, stage.root).front();
  if (const auto* image = std::get_if<Image>(&module.op(bottom).data)) {
    // The base's name is in no step's record, but reaches the manifest as an annotation.
    json.key("base").string(image->ref);
  }
  json.key("config").string(config->digest.str());
  json.key("epoch").integer(stage_epoch(module, stage.root));
  json.key("op").string("image-key");
  json.key("platform").string(target.platform);
  json.key("profile").string(inputs.emission_profile);
  json.key("record").integer(kRecordVersion);
  json.key("root").string(root->digest.str());
  json.end_object();
  const Digest digest = Digest::of(json.text());
  return ImageKey{json.take(), digest};
}

}  // namespace strata::ir
