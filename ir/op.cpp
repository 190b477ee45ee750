// Questions about one op that are answered from its fields, whatever op it is.
#include "ir/op.h"

namespace strata::ir {
namespace {

// Records are canonical JSON written in the order of ops.def, so the order there is a part of the
// format; a constant expression checks it.
template <typename OpStruct>
constexpr bool fields_in_byte_order();

#define STRATA_OP(Struct, text)                   \
  template <>                                     \
  constexpr bool fields_in_byte_order<Struct>() { \
    constexpr std::string_view names[] = { "",  // NOLINT(modernize-avoid-c-arrays)
#define STRATA_FIELD(type, member, text, role) text,
#define STRATA_OP_END(Struct)                                          \
  }                                                                    \
  ;                                                                    \
  for (std::size_t i = 1; i < sizeof(names) / sizeof(names[0]); ++i) { \
    if (!(names[i - 1] < names[i])) {                                  \
      return false;                                                    \
    }                                                                  \
  }                                                                    \
  return true;                                                         \
  }                                                                    \
  static_assert(fields_in_byte_order<Struct>(), "fields of ops.def are not in byte order");
#include "ir/ops.def"
#undef STRATA_OP
#undef STRATA_FIELD
#undef STRATA_OP_END

// Appends the ids that a field holds; most fields hold none.
struct OperandCollector {
  std::vector<OpId>* out;

  void operator()(std::string_view, const OpId& id, FieldRole) const { out->push_back(id); }
  void operator()(std::string_view, const CopySources& sources, FieldRole) const {
    for (const CopySource& source : sources) {
      out->push_back(source.tree);
    }
  }
  void operator()(std::string_view, const Mounts& mounts, FieldRole) const {
    for (const Mount& mount : mounts) {
      out->push_back(mount.source);
    }
  }
  template <typename Field>
  void operator()(std::string_view, const Field&, FieldRole) const {}
};

}  // namespace

std::vector<OpId> operands(const Op& op) {
  std::vector<OpId> ids;
  std::visit([&](const auto& data) { visit_fields(data, OperandCollector{&ids}); }, op.data);
  return ids;
}

OpId root_operand(const Op& op) {
  return std::visit(
      [](const auto& data) {
        if constexpr (requires { data.root; }) {
          return data.root;
        } else {
          return OpId{};
        }
      },
      op.data);
}

}  // namespace strata::ir
