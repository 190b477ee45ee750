// strata plan and strata key: what a build would do, and the digests that name it.
#include <fmt/format.h>

#include <map>
#include <vector>

#include "driver/commands.h"
#include "driver/compilation.h"
#include "driver/console.h"
#include "driver/digest_prefix.h"
#include "driver/plan_output.h"
#include "ir/base/text.h"

namespace strata::driver {
namespace {

ExitCode print_preimage(const Compilation& compilation, const std::string& wanted) {
  std::map<Digest, ir::OpId> steps;
  std::map<Digest, const std::string*> keys;
  std::vector<Digest> known;
  for (std::uint32_t i = 0; i < compilation.records.size(); ++i) {
    if (const auto& record = compilation.records[i]) {
      steps.emplace(record->digest, ir::OpId{i});
      known.push_back(record->digest);
    }
  }
  for (const auto& target : compilation.plan.targets) {
    if (target.key) {
      keys.emplace(target.key->digest, &target.key->json);
      known.push_back(target.key->digest);
    }
  }
  const auto found =
      find_digest(std::move(known), wanted,
                  fmt::format("no step or image key here has the digest `{}`", wanted));
  if (!found) {
    return report(found.error());
  }
  // No line break: `sha256sum` of what is printed is the digest.
  const auto key = keys.find(*found);
  answer("{}", key != keys.end()
                   ? *key->second
                   : ir::record_json(compilation.module, compilation.records, steps.at(*found)));
  return ExitCode::Done;
}

ExitCode print_plan(const PlanOptions& options, const Compilation& compiled) {
  answer("{}",
         options.format == OutputFormat::Json ? plan_json(compiled) + "\n" : plan_text(compiled));
  return options.detailed_exitcode && !compiled.plan.all_hit() ? ExitCode::WorkPending
                                                               : ExitCode::Done;
}

ExitCode print_key(const KeyOptions& options, const Compilation& compiled) {
  if (!options.preimage.empty()) {
    return print_preimage(compiled, options.preimage);
  }
  const bool many = compiled.plan.targets.size() > 1;
  for (std::size_t i = 0; i < compiled.plan.targets.size(); ++i) {
    const auto& key = compiled.plan.targets[i].key;
    if (!key) {
      return report({ErrorCode::NotFound, "a base image is not resolved, so there is no key"});
    }
    answer("{}{}\n", key->digest.str(),
           many ? "  " + printable(compiled.module.targets[i].name) : "");
  }
  if (options.steps) {
    for (const ir::OpId id : planned_ops(compiled)) {
      answer("{}  {}\n",
             compiled.records[id.index] ? compiled.records[id.index]->digest.str() : "unknown",
             printable(ir::describe(compiled.module, id, ir::DescribeFor::Plan)));
    }
  }
  return ExitCode::Done;
}

// Compiles an input in a world of its own and hands it to `print`.
template <typename Print>
ExitCode with_compilation(const InputOptions& input, Print&& print) {
  auto world = World::open(input.jobs);
  if (!world) {
    return report(world.error());
  }
  auto compilation = compile(input, *world);
  if (!compilation) {
    return report(compilation.error());
  }
  if (*compilation == nullptr) {
    return ExitCode::Input;
  }
  return print(**compilation);
}

}  // namespace

ExitCode run_plan(const PlanOptions& options) {
  return with_compilation(
      options.input, [&](const Compilation& compiled) { return print_plan(options, compiled); });
}

ExitCode run_key(const KeyOptions& options) {
  return with_compilation(
      options.input, [&](const Compilation& compiled) { return print_key(options, compiled); });
}

}  // namespace strata::driver
