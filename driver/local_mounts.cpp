// The mounts of an image that are no part of it.
#include "driver/local_mounts.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/system/files.h"
#include "driver/console.h"
#include "ir/base/text.h"
#include "ir/reference.h"

namespace strata::driver {
namespace {

constexpr DiagnosticDef<std::string, std::string> kMissingSource{
    Kind::MissingCopySource, "`{}` is not in the context, and image `{}` mounts it"};

}  // namespace

bool check_mount_sources(const Compilation& compilation) {
  Diagnostics diagnostics(compilation.sources, compilation.options.message_format);
  bool good = true;
  for (const ir::Target& target : compilation.module.targets) {
    for (const ir::RunMount& mount : target.run_mounts) {
      if (!backend::exists(compilation.options.context + "/" + mount.source)) {
        diagnostics.emitter().emit(target.loc, kMissingSource, mount.source, target.name);
        good = false;
      }
    }
  }
  diagnostics.print();
  return good;
}

void say_left_out(const backend::LocalMounts& mounts) {
  for (const ir::RunMount& mount : mounts.mounts) {
    remark("strata: the image leaves out `{}` at {}: `strata run` mounts it from {}\n",
           mount.source, mount.target, mounts.context);
  }
}

Result<std::vector<backend::Ref>> mounts_of_name(const backend::Store& store,
                                                 const std::string& name, const Digest& manifest) {
  STRATA_ASSIGN(const std::vector<backend::Ref> refs, store.refs());
  const auto reference = ir::Reference::parse(name);
  std::vector<backend::Ref> found;
  const backend::Ref* by_digest = nullptr;
  for (const backend::Ref& ref : refs) {
    if (ref.name == name || (reference && ref.name == reference->str())) {
      return std::vector{ref};
    }
    if (ref.manifest.digest != manifest) {
      continue;
    }
    by_digest = ref.name == manifest.str() ? &ref : by_digest;
    if (std::none_of(found.begin(), found.end(),
                     [&](const backend::Ref& other) { return other.mounts == ref.mounts; })) {
      found.push_back(ref);
    }
  }
  return by_digest != nullptr ? std::vector{*by_digest} : found;
}

}  // namespace strata::driver
