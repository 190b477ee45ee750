// Reads every #include of the product and enforces who may include whom.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace strata {
namespace {

namespace fs = std::filesystem;

struct Include {
  fs::path file;
  int line = 0;
  // Between the quotes or angle brackets.
  std::string target;
};

bool is_source(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".h" || extension == ".cpp" || extension == ".def" || extension == ".inc";
}

std::vector<Include> includes_of(const fs::path& path, const fs::path& root) {
  std::vector<Include> found;
  std::ifstream stream(path);
  std::string text;
  for (int line = 1; std::getline(stream, text); ++line) {
    const std::size_t hash = text.find_first_not_of(" \t");
    if (hash == std::string::npos || text.compare(hash, 1, "#") != 0 ||
        text.find("include", hash) == std::string::npos) {
      continue;
    }
    const std::size_t open = text.find_first_of("\"<");
    const std::size_t close = text.find_first_of("\">", open + 1);
    if (open != std::string::npos && close != std::string::npos) {
      found.push_back({fs::relative(path, root), line, text.substr(open + 1, close - open - 1)});
    }
  }
  return found;
}

std::vector<Include> all_includes() {
  const fs::path root = STRATA_SOURCE_DIR;
  std::vector<Include> all;
  for (const char* folder : {"ir", "frontend", "passes", "backend", "driver"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.is_regular_file() && is_source(entry.path())) {
        const auto found = includes_of(entry.path(), root);
        all.insert(all.end(), found.begin(), found.end());
      }
    }
  }
  return all;
}

// `ir/base` is a layer of its own; all else is its first folder; "" is outside of the product.
std::string layer_of(const std::string& path) {
  if (path.starts_with("ir/base/")) {
    return "ir/base";
  }
  const std::string folder = path.substr(0, path.find('/'));
  const std::set<std::string> folders = {"ir", "frontend", "passes", "backend", "driver", "tests"};
  return path.find('/') != std::string::npos && folders.contains(folder) ? folder : "";
}

std::string place(const Include& include) {
  return include.file.string() + ":" + std::to_string(include.line) + " includes " + include.target;
}

TEST(Layering, ArrowsPointOneWay) {
  const std::map<std::string, std::set<std::string>> may_include = {
      {"ir/base", {"ir/base"}},
      {"ir", {"ir", "ir/base"}},
      {"frontend", {"frontend", "ir", "ir/base"}},
      {"passes", {"passes", "ir", "ir/base"}},
      {"backend", {"backend", "ir", "ir/base"}},
      {"driver", {"driver", "frontend", "passes", "backend", "ir", "ir/base"}},
  };
  const std::vector<Include> includes = all_includes();
  EXPECT_GT(includes.size(), 100U) << "the sources were not found";
  for (const Include& include : includes) {
    const std::string to = layer_of(include.target);
    const std::string from = layer_of(include.file.string());
    EXPECT_TRUE(to.empty() || may_include.at(from).contains(to)) << place(include);
  }
}

// Generated parsers and their runtime are slow to compile and not ours: our AST hides them.
TEST(Layering, AntlrStaysBehindItsFirewall) {
  for (const Include& include : all_includes()) {
    const std::string target = fs::path(include.target).filename().string();
    const bool antlr = target.starts_with("antlr4") || target.starts_with("DockerfileLexer") ||
                       target.starts_with("DockerfileParser") || target.starts_with("SpecLexer") ||
                       target.starts_with("SpecParser");
    const std::string name = include.file.filename().string();
    const bool allowed =
        layer_of(include.file.string()) == "frontend" &&
        (name == "parse.cpp" || name == "ast_builder.cpp" || name.ends_with("_ast_builder.cpp") ||
         name.starts_with("error_listener.") || name.starts_with("token_filter.") ||
         name == "antlr_internal.h");
    EXPECT_TRUE(!antlr || allowed) << place(include);
  }
}

// A foreign type in a header of ours would reach every file that includes it.
TEST(Layering, ForeignTypesStayInSourceFiles) {
  const std::vector<std::string> foreign = {"nlohmann/json.hpp", "curl/",       "archive.h",
                                            "archive_entry.h",   "openssl/",    "zstd.h",
                                            "libdeflate.h",      "CLI/CLI.hpp", "CLI11"};
  for (const Include& include : all_includes()) {
    if (include.file.extension() != ".h") {
      continue;
    }
    for (const std::string& prefix : foreign) {
      EXPECT_FALSE(include.target.starts_with(prefix)) << place(include);
    }
  }
}

// A text of others must be measured before it becomes a document (ir/base/parse_json.h).
TEST(Layering, JsonIsParsedInOnePlace) {
  const fs::path root = STRATA_SOURCE_DIR;
  for (const char* folder : {"ir", "backend", "driver"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const fs::path file = fs::relative(entry.path(), root);
      if (entry.is_regular_file() && is_source(entry.path()) && file != "ir/base/parse_json.cpp") {
        std::ifstream stream(entry.path());
        const std::string text(std::istreambuf_iterator<char>(stream), {});
        EXPECT_EQ(text.find("json::parse("), std::string::npos) << file;
      }
    }
  }
}

TEST(Layering, OnlyTheBottomLayerHashes) {
  for (const Include& include : all_includes()) {
    EXPECT_TRUE(!include.target.starts_with("openssl/") || include.file == "ir/base/digest.cpp")
        << place(include);
  }
}

}  // namespace
}  // namespace strata
