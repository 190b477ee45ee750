// gc, doctor and version: the store and the machine.
#include <fmt/format.h>

#include "backend/context/context.h"
#include "backend/execute/executor.h"
#include "backend/store/claim.h"
#include "backend/system/files.h"
#include "driver/commands.h"
#include "driver/console.h"
#include "driver/world.h"
#include "ir/base/text.h"
#include "ir/record.h"

namespace strata::driver {
namespace {

std::string_view mark(backend::Check::Status status) {
  switch (status) {
    case backend::Check::Status::Ok:
      return "ok";
    case backend::Check::Status::Warning:
      return "warning";
    case backend::Check::Status::Failed:
      return "FAILED";
  }
  return "";
}

// What fsck mends at once, or the next build.
bool is_made_again(std::string_view name) {
  return name == "oci-layout" || name == "index.json" || name == "stat-cache";
}

Result<bool> fsck() {
  STRATA_ASSIGN(const World world, World::open(1));
  STRATA_ASSIGN(std::vector<std::string> damaged, world.store->fsck());
  // The store does not know what is in it, and nothing is lost with it.
  const std::string stat_cache = world.store->stat_cache_path();
  if (backend::StatCache::is_damaged(stat_cache)) {
    STRATA_TRY(backend::remove_tree(stat_cache));
    damaged.emplace_back("stat-cache");
  }
  for (const std::string& name : damaged) {
    answer("damaged, {}: {}\n", is_made_again(name) ? "made again" : "moved to quarantine",
           printable(name));
  }
  answer("store: {} damaged objects\n", damaged.size());
  return damaged.empty();
}

}  // namespace

ExitCode run_gc(const GcCommandOptions& options) {
  auto world = World::open(1);
  if (!world) {
    return report(world.error());
  }
  backend::Store::GcOptions gc;
  gc.keep_bytes = options.keep_bytes;
  gc.keep_days = options.keep_days;
  gc.dry_run = options.dry_run;
  const auto result = world->store->gc(gc);
  if (!result) {
    return report(result.error());
  }
  answer("{} {} objects, {}; {} kept\n", options.dry_run ? "would remove" : "removed",
         result->removed_objects, human_size(result->removed_bytes),
         human_size(result->kept_bytes));
  return ExitCode::Done;
}

ExitCode run_doctor(const DoctorOptions& options) {
  bool healthy = true;
  const std::string store_path = backend::Store::default_path();
  const Result<void> claimable = backend::check_claimable(store_path);
  const std::string refusal = claimable ? "" : claimable.error().message;
  for (const backend::Check& check : backend::run_doctor(store_path, refusal, options.runtime)) {
    answer("{:<8} {:<16} {}\n", mark(check.status), printable(check.name), printable(check.detail));
    if (!check.advice.empty()) {
      answer("{:<8} {:<16} → {}\n", "", "", printable(check.advice));
    }
    healthy = healthy && check.status != backend::Check::Status::Failed;
  }
  if (options.fsck) {
    const auto whole = fsck();
    if (!whole) {
      return report(whole.error());
    }
    healthy = healthy && *whole;
  }
  return healthy ? ExitCode::Done : ExitCode::Machine;
}

ExitCode run_version() {
  answer("strata {}\nrecord version {}\nlayer profile {}\n", STRATA_VERSION, ir::kRecordVersion,
         backend::EmissionProfile{}.name());
  return ExitCode::Done;
}

}  // namespace strata::driver
