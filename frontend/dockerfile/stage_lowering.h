#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/dockerfile/ast.h"
#include "frontend/dockerfile/expand.h"
#include "frontend/stage_builder.h"
#include "ir/base/result.h"

namespace strata::frontend::dockerfile {

// Where the sources of a COPY lie: in a root, or in a named context when its name is not "".
struct CopyOrigin {
  ir::OpId root;
  std::string context;
};

// What the instructions of a stage ask of the file around them.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  Surroundings() = default;
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

  // What `--from=NAME` means; nullopt after a reported error.
  virtual Result<std::optional<CopyOrigin>> origin_of(const Word& from) = 0;
  // The ignore patterns of the main context; nullopt after a reported error.
  virtual Result<std::optional<ir::SharedStrings>> ignore() = 0;
  // The --build-arg of that name; nullptr when there is none.
  [[nodiscard]] virtual const std::string* build_arg(std::string_view name) const = 0;
  // The ARG of that name before the first FROM, predefined ones included; nullptr when there is
  // none.
  [[nodiscard]] virtual const std::string* global_arg(std::string_view name) const = 0;
};

// Lowers the instructions of one stage, one after the other, on its StageBuilder. An instruction
// that is reported as wrong adds nothing.
class StageLowering {
 public:
  // All references must outlive this.
  StageLowering(LoweringContext& context, StageBuilder stage, char escape,
                Surroundings& surroundings)
      : context_(&context),
        stage_(std::move(stage)),
        variables_(stage_.env()),
        escape_(escape),
        surroundings_(&surroundings) {}

  Result<void> lower(const Instruction& instruction);

  [[nodiscard]] const StageBuilder& stage() const { return stage_; }
  // A stage built FROM another sees that one's ARGs.
  void inherit_variables(const StageLowering& parent) { variables_ = parent.variables_; }

 private:
  void lower_arg(const Instruction& instruction);
  void lower_cmd(const Instruction& instruction);
  Result<void> lower_copy(const Instruction& instruction);
  void lower_entrypoint(const Instruction& instruction);
  void lower_env(const Instruction& instruction);
  void lower_expose(const Instruction& instruction);
  void lower_healthcheck(const Instruction& instruction);
  void lower_label(const Instruction& instruction);
  void lower_run(const Instruction& instruction);
  void lower_shell(const Instruction& instruction);
  void lower_stop_signal(const Instruction& instruction);
  void lower_user(const Instruction& instruction);
  void lower_volume(const Instruction& instruction);
  void lower_workdir(const Instruction& instruction);

  // The words of CMD and ENTRYPOINT: the strings of the exec form, or the shell's words.
  [[nodiscard]] ir::Strings command(const Instruction& instruction) const;
  [[nodiscard]] const std::string* variable(std::string_view name) const;
  // nullopt after a reported error.
  [[nodiscard]] std::optional<std::string> expanded(const Word& word) const;
  // The same for a word of an instruction that has an exec form: the quotes of JSON are its quotes,
  // and those inside are text.
  [[nodiscard]] std::optional<std::string> expanded_argument(const Instruction& instruction,
                                                             const Word& word) const;
  [[nodiscard]] std::optional<ir::Pairs> expanded_pairs(const Instruction& instruction) const;
  [[nodiscard]] std::optional<std::string> heredoc_content(const Heredoc& heredoc) const;
  [[nodiscard]] std::optional<std::string> owner_of(const Instruction& instruction) const;
  [[nodiscard]] std::optional<std::string> mode_of(const Instruction& instruction) const;
  [[nodiscard]] std::optional<StageBuilder::Source> source_of(const Instruction& instruction,
                                                              const Word& word) const;

  LoweringContext* context_;
  StageBuilder stage_;
  // The stage's environment with the ARGs in scope: the later of ENV and ARG wins.
  ir::Environment variables_;
  char escape_;
  Surroundings* surroundings_;
};

// Expands `word` and reports what is wrong with it; nullopt then.
[[nodiscard]] std::optional<std::string> expand_word(const Word& word, const ExpandOptions& options,
                                                     const Lookup& lookup, Emitter& emitter);

}  // namespace strata::frontend::dockerfile
