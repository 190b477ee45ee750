#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace strata::driver {

// What is wrong with a command line that CLI11 refused, and what to do: an option that the command
// does not have with the one that means the same, else the nearest in letters. `words`: the command
// line behind the program's name.
[[nodiscard]] std::string what_is_wrong(const CLI::App& root, const CLI::ParseError& error,
                                        const std::vector<std::string>& words);

// What stands for an option of docker, podman, buildah or kaniko in `command`: an option of
// strata's (begins with `-`), else a sentence; "" when nothing is known of it.
[[nodiscard]] std::string same_meaning(const std::string& command, const std::string& flag);

}  // namespace strata::driver
