#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "backend/store/store.h"
#include "ir/module.h"
#include "ir/record.h"

namespace strata::backend {

enum class CacheUse { Use, Ignore };

// The one answer to the question which stored result of a step stands: `plan` asks it from the
// targets down, `build` again when it is a step's turn, because another process may have published
// one meanwhile. Reads the store only. Thread-safe.
class Resolver {
 public:
  // Steps that this command has run already: their results stand under CacheUse::Ignore too.
  using Own = std::set<ir::OpId>;
  // All must outlive this.
  Resolver(const ir::Module& module, const std::vector<std::optional<ir::StepRecord>>& records,
           const Store& store, CacheUse cache, const Own& own);

  // The tree that a step is bound to; nullopt when it has to be made.
  using TreeOf = std::function<std::optional<Digest>(ir::OpId)>;
  // The step's inputs as its results name them, in the order of operands(): trees of steps, record
  // digests of sources.
  [[nodiscard]] std::vector<std::optional<Digest>> inputs(ir::OpId step,
                                                          const TreeOf& tree_of) const;

  struct Answer {
    // The newest result over these inputs, if its tree can be read and the store has its files: an
    // unpacked root or a layer blob (an empty tree has none).
    std::optional<StepResult> result;
    // There are results, but none over these inputs: the inputs are newer than any of them.
    bool outdated = false;
  };
  // An input that is nullopt fits any result. The step is bound (it has a record).
  [[nodiscard]] Result<Answer> find(ir::OpId step,
                                    const std::vector<std::optional<Digest>>& inputs) const;

 private:
  [[nodiscard]] Result<bool> is_whole(const Digest& tree) const;

  const ir::Module* module_;
  const std::vector<std::optional<ir::StepRecord>>* records_;
  const Store* store_;
  CacheUse cache_;
  const Own* own_;
};

// Whether an op is a step of a build: exec, copy or mkdir. The others are sources and config, which
// are never run.
[[nodiscard]] bool makes_files(const ir::Op& op);

}  // namespace strata::backend
