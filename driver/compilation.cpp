// The front half of build, plan and key: from the options to a module with digests and a plan.
#include "driver/compilation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "backend/context/context.h"
#include "backend/system/files.h"
#include "driver/console.h"
#include "driver/context_argument.h"
#include "driver/docker_proxies.h"
#include "frontend/frontend.h"
#include "ir/base/path.h"
#include "ir/base/render.h"
#include "ir/reference.h"
#include "passes/pass_manager.h"

namespace strata::driver {
namespace {

std::string join(const std::string& directory, const std::string& name) {
  return directory == "." ? name : directory + (directory.ends_with('/') ? "" : "/") + name;
}

backend::Freshness freshness_of(Freshness freshness) {
  switch (freshness) {
    case Freshness::PreferStore:
      return backend::Freshness::PreferStore;
    case Freshness::Update:
      return backend::Freshness::Update;
    case Freshness::Offline:
      return backend::Freshness::Offline;
  }
  return backend::Freshness::PreferStore;
}

// `strata build -`, as docker's: a Dockerfile from standard input, over an empty context.
Result<void> take_dockerfile_from_stdin(InputOptions& options, const World& world) {
  if (options.context != "-" || !options.file.empty()) {
    return {};
  }
  options.file = "-";
  STRATA_ASSIGN(options.context, world.store->new_scratch("context"));
  return {};
}

// A file that the user names is read wherever it leads; one that was found in the context must not
// lead out of it.
Result<std::string> text_of(const InputOptions& options, const std::string& path) {
  if (!options.file.empty()) {
    return read_text(path);
  }
  STRATA_ASSIGN(const auto context, backend::Context::open(options.context, nullptr, 1));
  return context->read_text(std::string(base_name(path)));
}

Result<frontend::LowerRequest> request_of(Compilation& compilation, const std::string& path) {
  const InputOptions& options = compilation.options;
  STRATA_ASSIGN(std::string text, text_of(options, path));
  if (path == "-" && is_archive_text(text)) {
    return Error{ErrorCode::Input,
                 "standard input is an archive, and a context is a directory: mkdir DIRECTORY && "
                 "tar -x -C DIRECTORY && strata build DIRECTORY"};
  }
  frontend::LowerRequest request;
  request.file_name = base_name(path);
  request.language = frontend::language_of(request.file_name);
  request.targets = options.targets;
  request.params = options.params;
  request.build_args = options.build_args;
  for (const auto& [name, directory] : options.contexts) {
    request.contexts.push_back(name);
  }
  STRATA_ASSIGN(compilation.proxies, proxy_variables(options.build_args));
  if (!options.platform.empty()) {
    STRATA_ASSIGN(request.platform, platform_of(options.platform));
  }
  request.file = compilation.sources.add(path, std::move(text));
  return request;
}

backend::SourceOptions source_options(const InputOptions& options, const std::string& path) {
  backend::SourceOptions sources;
  sources.contexts = options.contexts;
  sources.contexts.insert_or_assign("", options.context);
  sources.file_directory = path == "-" ? options.context : backend::directory_of(path);
  sources.freshness = freshness_of(options.freshness);
  sources.jobs = options.jobs;
  return sources;
}

}  // namespace

Diagnostics::Diagnostics(const SourceMap& sources, MessageFormat format)
    : format_(format),
      renderer_(
          format == MessageFormat::Json
              ? std::unique_ptr<Consumer>(std::make_unique<JsonConsumer>(sources, text_))
              : std::make_unique<TextConsumer>(
                    sources, ::isatty(STDERR_FILENO) != 0 ? Color::Always : Color::Never, text_)),
      sorting_(*renderer_),
      emitter_(sorting_) {}

Diagnostics::~Diagnostics() = default;

void Diagnostics::print() {
  sorting_.finish();
  if (format_ == MessageFormat::Json) {
    emit(text_);
  } else {
    draw(text_);
  }
  text_.clear();
}

Result<std::string> read_text(const std::string& path) {
  return path == "-" ? backend::read_all(backend::Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)),
                                         "standard input", backend::kMaxText)
                     : backend::read_file(path, backend::kMaxText);
}

Result<std::string> input_file(const InputOptions& options) {
  if (!options.file.empty()) {
    // As docker does: a `Dockerfile` may be written `dockerfile`.
    constexpr std::string_view kDockerfile = "Dockerfile";
    if (base_name(options.file) == kDockerfile && !backend::exists(options.file)) {
      const std::string lower =
          options.file.substr(0, options.file.size() - kDockerfile.size()) + "dockerfile";
      return backend::exists(lower) ? lower : options.file;
    }
    return options.file;
  }
  for (const char* name : {"image.strata", "Dockerfile", "dockerfile", "Containerfile"}) {
    std::string path = join(options.context, name);
    if (backend::exists(path)) {
      return path;
    }
  }
  return no_input_file(options.context);
}

bool optimize(ir::Module& module, Emitter& emitter) {
  passes::PassOptions options;
#ifndef NDEBUG
  options.verify_each = true;
#endif
  return passes::run_passes(module, passes::default_pipeline(), options, emitter);
}

Result<void> make_plan(Compilation& compilation, const backend::Resolver::Own& own) {
  STRATA_ASSIGN(compilation.plan,
                backend::make_plan({compilation.module,
                                    compilation.records,
                                    *compilation.world->store,
                                    {compilation.profile.name()},
                                    compilation.options.no_cache ? backend::CacheUse::Ignore
                                                                 : backend::CacheUse::Use,
                                    own}));
  return {};
}

Result<std::unique_ptr<Compilation>> compile(const InputOptions& options, World& world) {
  auto compilation = std::make_unique<Compilation>();
  compilation->options = options;
  compilation->world = &world;
  STRATA_TRY(take_dockerfile_from_stdin(compilation->options, world));
  if (compilation->options.jobs == 0) {
    compilation->options.jobs = default_jobs();
  }
  STRATA_ASSIGN(compilation->profile, backend::EmissionProfile::parse(options.compression));
  STRATA_TRY(check_context(compilation->options));
  STRATA_ASSIGN(const std::string path, input_file(compilation->options));
  STRATA_ASSIGN(const frontend::LowerRequest request, request_of(*compilation, path));
  compilation->stat_cache = backend::StatCache::load(world.store->stat_cache_path());
  compilation->bindings = std::make_unique<backend::Sources>(
      *world.store, *world.registry, compilation->stat_cache.get(),
      source_options(compilation->options, path));
  Diagnostics diagnostics(compilation->sources, options.message_format);
  auto module = frontend::lower(request, compilation->sources, *compilation->bindings,
                                *compilation->bindings, diagnostics.emitter());
  bool good = module && module->has_value();
  if (good) {
    compilation->module = std::move(**module);
    good = optimize(compilation->module, diagnostics.emitter());
  }
  diagnostics.print();
  if (!module) {
    return std::move(module).error();
  }
  if (!good) {
    return std::unique_ptr<Compilation>();
  }
  STRATA_TRY(compilation->stat_cache->save());
  compilation->records = ir::records(compilation->module);
  STRATA_TRY(make_plan(*compilation));
  return compilation;
}

}  // namespace strata::driver
