// CLI11's errors in strata's words, each with what to do.
#include "driver/command_line/advice.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>

#include "ir/base/text.h"

namespace strata::driver {
namespace {

const CLI::App* command_of(const CLI::App& root, const std::vector<std::string>& words) {
  for (const CLI::App* command : root.get_subcommands(nullptr)) {
    if (!words.empty() && command->check_name(words.front())) {
      return command;
    }
  }
  return nullptr;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      flags.push_back("--" + name);
    }
    for (const std::string& name : option->get_snames()) {
      flags.push_back("-" + name);
    }
  }
  return flags;
}

// The first option that the command does not have; "" when it has all.
std::string unknown_flag(const std::vector<std::string>& words,
                         const std::vector<std::string>& flags) {
  for (std::size_t i = 1; i < words.size() && words[i] != "--"; ++i) {
    const bool is_long = words[i].starts_with("--");
    std::string flag = is_long ? words[i].substr(0, words[i].find('=')) : words[i].substr(0, 2);
    if (flag.starts_with('-') && flag != "-" &&
        std::find(flags.begin(), flags.end(), flag) == flags.end()) {
      return flag;
    }
  }
  return "";
}

// A sentence for what `flag` may mean; only options that the command has are named.
std::string meant_by(const std::string& command, const std::string& flag,
                     const std::vector<std::string>& flags) {
  std::string meaning = same_meaning(command, flag);
  const bool is_flag = meaning.starts_with('-');
  if (!meaning.empty() && !is_flag) {
    return meaning;
  }
  if (is_flag && std::find(flags.begin(), flags.end(), meaning) != flags.end()) {
    return fmt::format("did you mean `{}`?", meaning);
  }
  std::vector<std::string> long_flags;
  std::copy_if(flags.begin(), flags.end(), std::back_inserter(long_flags),
               [](const std::string& name) { return name.starts_with("--"); });
  const auto near = flag.starts_with("--") ? nearest(flag, long_flags) : std::nullopt;
  return near ? fmt::format("did you mean `{}`?", *near)
              : fmt::format("`strata {} --help` lists its options", command);
}

}  // namespace

std::string what_is_wrong(const CLI::App& root, const CLI::ParseError& error,
                          const std::vector<std::string>& words) {
  const CLI::App* command = command_of(root, words);
  if (command == nullptr) {
    return fmt::format("{}; `strata --help` lists the commands", error.what());
  }
  const std::string& name = command->get_name();
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (code == CLI::ExitCodes::ExtrasError) {
    const std::vector<std::string> flags = flags_of(*command);
    if (const std::string flag = unknown_flag(words, flags); !flag.empty()) {
      return fmt::format("`strata {}` has no option `{}`; {}", name, flag,
                         meant_by(name, flag, flags));
    }
    const std::vector<std::string> extra = command->remaining();
    return fmt::format("`{}` is one argument too many; `strata {} --help` lists what it takes",
                       extra.empty() ? words.back() : extra.front(), name);
  }
  // A value says itself what is wrong with it.
  return code == CLI::ExitCodes::ValidationError
             ? std::string(error.what())
             : fmt::format("{}; `strata {} --help` lists its options", error.what(), name);
}

}  // namespace strata::driver
