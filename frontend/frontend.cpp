// The frontends' common entry: picks the language.
#include "frontend/frontend.h"

#include <algorithm>
#include <array>

#include "frontend/dockerfile/dockerfile.h"
#include "frontend/spec/spec.h"
#include "ir/base/text.h"
#include "ir/reference.h"

namespace strata::frontend {

Result<std::optional<ir::Module>> lower(const LowerRequest& request, SourceMap& sources,
                                        ir::SourceLoader& loader, ir::SourceResolver& resolver,
                                        Emitter& emitter) {
  switch (request.language) {
    case Language::Dockerfile:
      return dockerfile::lower(request, sources, loader, resolver, emitter);
    case Language::Spec:
      break;
  }
  return spec::lower(request, sources, loader, resolver, emitter);
}

bool is_proxy_argument(std::string_view name) {
  constexpr std::array<std::string_view, 5> kProxies = {"http_proxy", "https_proxy", "ftp_proxy",
                                                        "no_proxy", "all_proxy"};
  return std::find(kProxies.begin(), kProxies.end(), ascii_lower(name)) != kProxies.end();
}

bool needs_no_declaration(std::string_view name) {
  return name.starts_with("BUILDKIT_") || name == "SOURCE_DATE_EPOCH" || is_proxy_argument(name);
}

std::string target_platform(const LowerRequest& request) {
  return request.platform.empty() ? ir::host_platform() : request.platform;
}

Language language_of(std::string_view file_name) {
  return file_name.ends_with(".strata") ? Language::Spec : Language::Dockerfile;
}

std::optional<std::string> dump_ast(FileId file, Language language, AstFormat format,
                                    const SourceMap& sources, Emitter& emitter) {
  switch (language) {
    case Language::Dockerfile:
      return dockerfile::dump_ast(file, format, sources, emitter);
    case Language::Spec:
      break;
  }
  return spec::dump_ast(file, format, sources, emitter);
}

}  // namespace strata::frontend
