#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frontend/dockerfile/ast.h"
#include "ir/base/emitter.h"

namespace strata::frontend::dockerfile {

// A stage of the file: its FROM and what follows up to the next one.
struct StageText {
  std::size_t index = 0;
  // The AS name in lower case, or "".
  std::string name;
  const Instruction* from = nullptr;
  std::vector<const Instruction*> body;
};

// The stages of a file that was parsed without errors; `ast` must outlive it.
class Stages {
 public:
  explicit Stages(const Ast& ast);

  [[nodiscard]] const std::vector<StageText>& all() const { return stages_; }
  // The stage that `--target` (a name or number, "" the last) means; reports UnknownTarget.
  [[nodiscard]] std::optional<std::size_t> target(const std::string& name, Emitter& emitter) const;
  // The base stage that FROM in stage `index` means, the latest of that name before it. Names are
  // compared as written, as BuildKit does: `FROM Base` never finds the stage `base`.
  [[nodiscard]] std::optional<std::size_t> base(std::string_view name, std::size_t index) const;
  // The last stage called `name` (any case), or the stage of that number.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  // The name under which the stage is known in the module: unique in the file.
  [[nodiscard]] std::string unique_name(std::size_t index) const;
  // The stage's name most like `name`, for did-you-mean.
  [[nodiscard]] std::optional<std::string> similar(std::string_view name) const;

 private:
  std::vector<StageText> stages_;
  // The stages of each name, in order.
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_;
};

// `text` as a number of at most six digits: a stage by number.
[[nodiscard]] std::optional<std::size_t> stage_number(std::string_view text);

}  // namespace strata::frontend::dockerfile
