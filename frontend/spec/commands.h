#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace strata::frontend::spec {

// The command lines that package methods stand for. They are part of step digests: a change of
// these texts needs a new edition.

// `text` as one word of a POSIX shell: as it is when nothing in it is special, else in single
// quotes.
[[nodiscard]] std::string shell_quote(std::string_view text);

struct PipOptions {
  std::vector<std::string> find_links;
  std::string index_url;
  std::vector<std::string> extra_index_urls;
  enum class Prereleases { Exclude, Include } prereleases = Prereleases::Exclude;
  // Not quoted: shell text of the user.
  std::string extra_options;
};

// One `pip install` of all `requirements`. Leaves nothing that differs from run to run: no cache,
// no byte code (of pip's own modules neither), no self-check file.
[[nodiscard]] std::string pip_install_command(const std::vector<std::string>& requirements,
                                              const PipOptions& options);

// Update, install without recommends, and remove the lists, archives and logs, in one command.
[[nodiscard]] std::string apt_install_command(const std::vector<std::string>& packages);

}  // namespace strata::frontend::spec
