#pragma once

#include "frontend/dockerfile/ast.h"
#include "frontend/dockerfile/line_reader.h"
#include "ir/base/emitter.h"

namespace antlr4 {
class ParserRuleContext;
}  // namespace antlr4

namespace strata::frontend::dockerfile {

// The instruction that `tree` (a DockerfileParser::InstructionContext of `line`) stands for.
// Heredocs have their names but no bodies yet.
[[nodiscard]] Instruction build_instruction(antlr4::ParserRuleContext& tree,
                                            const LogicalLine& line, Emitter& emitter);

}  // namespace strata::frontend::dockerfile
