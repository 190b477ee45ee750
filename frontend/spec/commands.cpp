// The command lines of pip_install and apt_install.
#include "frontend/spec/commands.h"

#include <algorithm>

namespace strata::frontend::spec {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("@%_+=:,./-").find(c) != std::string_view::npos;
}

}  // namespace

std::string shell_quote(std::string_view text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) {
    return std::string(text);
  }
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string pip_install_command(const std::vector<std::string>& requirements,
                                const PipOptions& options) {
  // The variables are ignored by a pip that is too old to know them, unlike the options of the same
  // names: root is who installs in an image, and into the system's Python, on purpose. Without
  // PYTHONDONTWRITEBYTECODE the slim images, whose .pyc files are removed, would get them back.
  std::string command =
      "PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1"
      " python -m pip install --no-cache-dir --no-compile --disable-pip-version-check --no-input";
  for (const std::string& link : options.find_links) {
    command += " --find-links " + shell_quote(link);
  }
  if (!options.index_url.empty()) {
    command += " --index-url " + shell_quote(options.index_url);
  }
  for (const std::string& url : options.extra_index_urls) {
    command += " --extra-index-url " + shell_quote(url);
  }
  if (options.prereleases == PipOptions::Prereleases::Include) {
    command += " --pre";
  }
  if (!options.extra_options.empty()) {
    command += " " + options.extra_options;
  }
  for (const std::string& requirement : requirements) {
    command += " " + shell_quote(requirement);
  }
  return command;
}

std::string apt_install_command(const std::vector<std::string>& packages) {
  std::string command =
      "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y "
      "--no-install-recommends";
  for (const std::string& package : packages) {
    command += " " + shell_quote(package);
  }
  // The logs carry times, ldconfig's cache inode numbers.
  return command +
         " && apt-get clean && rm -rf /var/lib/apt/lists/* /var/log/apt/* /var/log/dpkg.log"
         " /var/log/alternatives.log /var/cache/ldconfig/aux-cache";
}

}  // namespace strata::frontend::spec
