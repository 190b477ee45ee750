#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace strata::frontend::spec {

enum class Method {
  DebianSlim,
  Base,
  Scratch,
  PipInstall,
  AptInstall,
  RunCommands,
  DockerfileCommands,
  AddLocalFile,
  AddLocalDir,
  Workdir,
  Env,
  User,
  Cmd,
  Entrypoint,
  Label,
  // Known, and reported as not supported yet.
  Later,
};

enum class ParamType {
  String,
  Bool,
  // A list of strings; for a variadic parameter each argument may be one, or a string.
  StringList,
  // One string, or a list of them.
  Strings,
  // From strings to strings.
  StringDict,
};

struct Param {
  enum class Passing { Positional, KeywordOnly, Variadic };
  enum class Need { Required, Optional };
  enum class Status { Supported, Later };

  std::string_view name;
  ParamType type = ParamType::String;
  Passing passing = Passing::Positional;
  Need need = Need::Optional;
  Status status = Status::Supported;
};

struct MethodDef {
  // Does a step after this count as a build step (which must not follow a mount)?
  enum class Effect { Constructor, Build, Config };

  std::string_view name;
  Method method = Method::Later;
  Effect effect = Effect::Config;
  std::vector<Param> params;
};

enum class MethodScope { Constructors, Methods };

// nullptr when the API has no such constructor or method.
[[nodiscard]] const MethodDef* find_method(MethodScope scope, std::string_view name);
// For did-you-mean.
[[nodiscard]] std::vector<std::string> method_names(MethodScope scope);

}  // namespace strata::frontend::spec
