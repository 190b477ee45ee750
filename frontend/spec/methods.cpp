// The Image API as one table: every constructor and method, and the types of their arguments.
#include "frontend/spec/methods.h"

namespace strata::frontend::spec {
namespace {

using Effect = MethodDef::Effect;
using Passing = Param::Passing;
using Need = Param::Need;
using Status = Param::Status;

Param positional(std::string_view name, ParamType type, Need need = Need::Required) {
  return {.name = name, .type = type, .passing = Passing::Positional, .need = need};
}
Param variadic(std::string_view name) {
  return {.name = name,
          .type = ParamType::StringList,
          .passing = Passing::Variadic,
          .need = Need::Required};
}
Param keyword(std::string_view name, ParamType type) {
  return {.name = name, .type = type, .passing = Passing::KeywordOnly};
}
Param later(std::string_view name) {
  return {.name = name, .passing = Passing::KeywordOnly, .status = Status::Later};
}

const std::vector<MethodDef>& constructors() {
  static const std::vector<MethodDef> table = {
      {"debian_slim",
       Method::DebianSlim,
       Effect::Constructor,
       {positional("python_version", ParamType::String, Need::Optional)}},
      {"base", Method::Base, Effect::Constructor, {positional("ref", ParamType::String)}},
      {"from_registry", Method::Base, Effect::Constructor, {positional("ref", ParamType::String)}},
      {"scratch", Method::Scratch, Effect::Constructor, {}},
      {"from_dockerfile", Method::Later, Effect::Constructor, {}},
  };
  return table;
}

const std::vector<MethodDef>& methods() {
  static const std::vector<MethodDef> table = {
      {"pip_install",
       Method::PipInstall,
       Effect::Build,
       {variadic("packages"), keyword("index_url", ParamType::String),
        keyword("extra_index_url", ParamType::Strings), keyword("find_links", ParamType::Strings),
        keyword("pre", ParamType::Bool), keyword("extra_options", ParamType::String)}},
      {"apt_install", Method::AptInstall, Effect::Build, {variadic("packages")}},
      {"run_commands",
       Method::RunCommands,
       Effect::Build,
       {variadic("commands"), keyword("network", ParamType::String),
        keyword("env", ParamType::StringDict), later("mounts"), later("secrets")}},
      {"dockerfile_commands",
       Method::DockerfileCommands,
       Effect::Build,
       {variadic("commands"), later("context")}},
      {"add_local_file",
       Method::AddLocalFile,
       Effect::Build,
       {positional("src", ParamType::String), positional("dst", ParamType::String),
        keyword("strategy", ParamType::String), keyword("copy", ParamType::Bool)}},
      {"add_local_dir",
       Method::AddLocalDir,
       Effect::Build,
       {positional("src", ParamType::String), positional("dst", ParamType::String),
        keyword("strategy", ParamType::String), keyword("copy", ParamType::Bool),
        keyword("ignore", ParamType::Strings)}},
      {"workdir", Method::Workdir, Effect::Config, {positional("path", ParamType::String)}},
      {"env", Method::Env, Effect::Config, {positional("vars", ParamType::StringDict)}},
      {"user", Method::User, Effect::Config, {positional("user", ParamType::String)}},
      {"cmd", Method::Cmd, Effect::Config, {positional("args", ParamType::StringList)}},
      {"entrypoint",
       Method::Entrypoint,
       Effect::Config,
       {positional("args", ParamType::StringList)}},
      {"label", Method::Label, Effect::Config, {positional("labels", ParamType::StringDict)}},
      {"pip_install_from_requirements", Method::Later, Effect::Build, {}},
      {"uv_pip_install", Method::Later, Effect::Build, {}},
      {"uv_sync", Method::Later, Effect::Build, {}},
      {"copy_from", Method::Later, Effect::Build, {}},
      {"shell", Method::Later, Effect::Config, {}},
      {"expose", Method::Later, Effect::Config, {}},
      {"volume", Method::Later, Effect::Config, {}},
      {"healthcheck", Method::Later, Effect::Config, {}},
      {"stop_signal", Method::Later, Effect::Config, {}},
      {"pipe", Method::Later, Effect::Config, {}},
      {"rebase", Method::Later, Effect::Config, {}},
  };
  return table;
}

const std::vector<MethodDef>& table_of(MethodScope scope) {
  return scope == MethodScope::Constructors ? constructors() : methods();
}

}  // namespace

const MethodDef* find_method(MethodScope scope, std::string_view name) {
  for (const MethodDef& def : table_of(scope)) {
    if (def.name == name) {
      return &def;
    }
  }
  return nullptr;
}

std::vector<std::string> method_names(MethodScope scope) {
  std::vector<std::string> names;
  for (const MethodDef& def : table_of(scope)) {
    names.emplace_back(def.name);
  }
  return names;
}

}  // namespace strata::frontend::spec
