#pragma once

// The template of op.h's map_operands; include op.h.
#include "ir/op.h"

namespace strata::ir {

template <typename Map>
void map_operands(Op& op, Map&& map) {
  std::visit(
      [&](auto& data) {
        visit_fields(data, [&](std::string_view, auto& field, FieldRole) {
          using Field = std::remove_cvref_t<decltype(field)>;
          if constexpr (std::is_same_v<Field, OpId>) {
            field = map(field);
          } else if constexpr (std::is_same_v<Field, CopySources>) {
            for (CopySource& source : field) {
              source.tree = map(source.tree);
            }
          } else if constexpr (std::is_same_v<Field, Mounts>) {
            for (Mount& mount : field) {
              mount.source = map(mount.source);
            }
          }
        });
      },
      op.data);
}

}  // namespace strata::ir
