#pragma once

#include <map>
#include <string>

#include "ir/sources.h"

namespace strata::test {

// Texts by `<context>:<path>`, and those beside the main file by `beside:<path>`.
class TextLoader final : public ir::SourceLoader {
 public:
  Result<std::string> load(const std::string& context, const std::string& path) override {
    return find(context + ":" + path);
  }
  Result<std::string> load_beside(const std::string& path) override {
    return find("beside:" + path);
  }

  std::map<std::string, std::string> texts;

 private:
  Result<std::string> find(const std::string& name) const {
    const auto found = texts.find(name);
    if (found == texts.end()) {
      return Error{ErrorCode::NotFound, name + ": no such file"};
    }
    return found->second;
  }
};

}  // namespace strata::test
