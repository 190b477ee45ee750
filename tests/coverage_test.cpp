// Nothing is without an example: every diagnostic, op and pass is seen in some golden.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "ir/base/diagnostic.h"
#include "ir/op.h"
#include "passes/pass_manager.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

// Diagnostics that need more than one process and a few files to be seen, and the test that shows
// each.
const std::map<std::string, std::string>& shown_elsewhere() {
  static const std::map<std::string, std::string> tests = {
      {"BaseNotFetched", "tests/integration/registry_faults.sh"},
      {"StepFailed", "tests/integration/bad_input.sh"},
      {"UnknownPass", "tests/unit/passes/pass_manager_test.cpp"},
  };
  return tests;
}

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

// The text of all goldens below a folder of tests/golden.
std::string goldens(const std::string& folder) {
  const fs::path root = fs::path(STRATA_GOLDEN_DIR) / folder;
  std::string text;
  if (fs::exists(root)) {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      text += entry.is_regular_file() ? read_file(entry.path()) : std::string();
    }
  }
  return text;
}

TEST(Coverage, EveryDiagnosticIsSeen) {
  const std::string text = goldens("");
  for (const Kind kind : all_kinds()) {
    const std::string name(kind_name(kind));
    if (text.find("[" + name + "]") != std::string::npos) {
      EXPECT_FALSE(shown_elsewhere().contains(name)) << name << " is in a golden, not elsewhere";
      continue;
    }
    const auto test = shown_elsewhere().find(name);
    if (test == shown_elsewhere().end()) {
      ADD_FAILURE() << name << " is in no golden";
      continue;
    }
    const std::string shown = read_file(fs::path(STRATA_SOURCE_DIR) / test->second);
    EXPECT_NE(shown.find(name), std::string::npos) << name << " is not in " << test->second;
  }
}

TEST(Coverage, EveryOpIsPrintedAndPassedOn) {
  const std::vector<std::string_view> names = {
#define STRATA_OP(Struct, text) text,
#define STRATA_FIELD(type, member, text, role)
#define STRATA_OP_END(Struct)
#include "ir/ops.def"
#undef STRATA_OP
#undef STRATA_FIELD
#undef STRATA_OP_END
  };
  for (const std::string folder : {"ir", "passes"}) {
    const std::string text = goldens(folder);
    for (const std::string_view name : names) {
      EXPECT_NE(text.find(" = " + std::string(name) + " "), std::string::npos)
          << name << " is in no golden of " << folder;
    }
  }
}

// Every field too: a field that the printer forgot would be missing in all of them.
TEST(Coverage, EveryFieldIsPrinted) {
  const std::string text = goldens("ir");
#define STRATA_OP(Struct, text)
#define STRATA_FIELD(type, member, name, role)                             \
  EXPECT_NE(text.find(std::string(" ") + (name) + "="), std::string::npos) \
      << (name) << " is in no golden of ir";
#define STRATA_OP_END(Struct)
#include "ir/ops.def"
#undef STRATA_OP
#undef STRATA_FIELD
#undef STRATA_OP_END
}

TEST(Coverage, EveryPassHasItsFolder) {
  for (const passes::PassInfo& pass : passes::all_passes()) {
    EXPECT_FALSE(goldens("passes/" + std::string(pass.name)).empty())
        << "tests/golden/passes/" << pass.name << " holds nothing";
  }
}

}  // namespace
}  // namespace strata
