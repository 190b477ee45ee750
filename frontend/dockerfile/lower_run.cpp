// RUN, CMD, ENTRYPOINT and SHELL: what a process is started with.
#include "frontend/dockerfile/stage_lowering.h"

namespace strata::frontend::dockerfile {

ir::Strings StageLowering::command(const Instruction& instruction) const {
  ir::Strings result;
  if (instruction.form == Form::Shell) {
    result = stage_.shell();
  }
  for (const Word& word : instruction.args) {
    result.push_back(word.text);
  }
  return result;
}

void StageLowering::lower_run(const Instruction& instruction) {
  if (instruction.args.empty()) {
    return;
  }
  StageBuilder::RunArgs run;
  run.env = variables_;
  if (instruction.form == Form::Exec) {
    run.args = command(instruction);
  } else if (instruction.args[0].heredoc) {
    const Heredoc& heredoc = instruction.heredocs[*instruction.args[0].heredoc];
    const std::string content = heredoc.content();
    if (content.starts_with("#!")) {
      // A script of its own interpreter: seen as a file by this step only.
      const ir::OpId file = context_->builder.add(
          ir::Inline{.files = {{.content = content, .mode = 0755, .path = heredoc.name}}},
          heredoc.loc);
      run.mounts.push_back({.path = {}, .source = file, .target = "/dev/pipes"});
      run.command = "/dev/pipes/" + heredoc.name;
    } else {
      run.command = content;
    }
  } else {
    // The shell reads heredocs itself, so it gets them as they were written.
    std::string text = instruction.args[0].text;
    for (const Heredoc& heredoc : instruction.heredocs) {
      text += '\n';
      text += heredoc.body;
      text += heredoc.name;
    }
    run.command = std::move(text);
  }
  stage_.run(run, instruction.loc);
}

void StageLowering::lower_cmd(const Instruction& instruction) {
  stage_.cmd(command(instruction), instruction.loc);
}

void StageLowering::lower_entrypoint(const Instruction& instruction) {
  stage_.entrypoint(command(instruction), instruction.loc);
}

void StageLowering::lower_shell(const Instruction& instruction) {
  ir::Config change;
  change.shell = command(instruction);
  stage_.change(change, instruction.loc);
}

}  // namespace strata::frontend::dockerfile
