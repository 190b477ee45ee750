#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ir/base/emitter.h"
#include "ir/base/source.h"

namespace strata {

enum class Color { Never, Always };

// One diagnostic as rustc and clang draw it, ending in a line break:
//   Dockerfile:3:5: error: unknown instruction `RNU` [UnknownInstruction]
//     3 | RNU echo
//       | ^^^ did you mean `RUN`?
// Tabs are shown as one space, bytes that are not printable as `?`; a range over several lines is
// underlined on its first.
[[nodiscard]] std::string render_text(const Diagnostic& diagnostic, const SourceMap& sources,
                                      Color color);

// One JSON object, without a line break:
// {"code","severity","message","file","line","column","endLine","endColumn",
// "notes":[{"message","file"?,"line"?,"column"?}],"fixes":[{"text","replacement","line","column","endLine","endColumn"}],
// "helps":["…"]}.
[[nodiscard]] std::string render_json(const Diagnostic& diagnostic, const SourceMap& sources);

// Appends each rendered diagnostic to a string; the driver writes it to stderr.
class TextConsumer final : public Consumer {
 public:
  // All references must outlive this.
  TextConsumer(const SourceMap& sources, Color color, std::string& out)
      : sources_(&sources), color_(color), out_(&out) {}
  void consume(Diagnostic diagnostic) override {
    *out_ += render_text(diagnostic, *sources_, color_);
  }

 private:
  const SourceMap* sources_;
  Color color_;
  std::string* out_;
};

// Collects a JSON array, written to `out` with a line break by finish(); nothing when there is
// nothing to say, so that a command of several phases writes one document.
class JsonConsumer final : public Consumer {
 public:
  JsonConsumer(const SourceMap& sources, std::string& out) : sources_(&sources), out_(&out) {}
  void consume(Diagnostic diagnostic) override;
  void finish() override;

 private:
  const SourceMap* sources_;
  std::string* out_;
  std::string items_;
};

}  // namespace strata
