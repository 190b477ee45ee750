// From the textual form to a module; printer.cpp is the inverse, README.md has the syntax. One
// statement a line: an error costs its line, the rest is read on.
#include "ir/parser.h"

#include <algorithm>
#include <charconv>

#include "ir/base/text.h"

namespace strata::ir {
namespace {

constexpr DiagnosticDef<std::string_view> kExpected{Kind::IrSyntax, "expected {}"};
constexpr DiagnosticDef<std::string_view, std::string_view> kExpectedBut{Kind::IrSyntax,
                                                                         "found `{}`, expected {}"};
constexpr DiagnosticDef<std::string_view> kUnknownOp{Kind::IrSyntax, "unknown op `{}`"};
constexpr DiagnosticDef<std::string_view> kUnknownField{Kind::IrSyntax, "unknown field `{}`"};
constexpr DiagnosticDef<std::string_view> kTwice{Kind::IrSyntax, "field `{}` is set twice"};
constexpr DiagnosticDef<> kUnclosed{Kind::IrSyntax, "string has no closing quote on its line"};
constexpr DiagnosticDef<> kBadEscape{Kind::IrSyntax, "unknown escape in string"};
constexpr DiagnosticDef<std::string_view> kOutOfRange{Kind::IrSyntax, "`{}` is out of range"};
constexpr DiagnosticDef<std::size_t> kOutOfOrder{Kind::IrSyntax,
                                                 "expected the number {}: numbers count up from 0"};
constexpr DiagnosticDef<> kNoHeader{Kind::IrSyntax, "expected `strata.ir 1` on the first line"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '-';
}

int hex_value(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0U | c >> 6);
    byte(0x80U | (c & 0x3FU));
  } else {
    byte(0xE0U | c >> 12);
    byte(0x80U | (c >> 6 & 0x3FU));
    byte(0x80U | (c & 0x3FU));
  }
}

// The text of one statement and a position in it. Every function that returns bool has reported
// what is wrong when it returns false.
class Line {
 public:
  Line(FileId file, std::string_view text, std::size_t begin, std::size_t end, Emitter& emitter)
      : file_(file), text_(text), at_(begin), begin_(begin), end_(end), emitter_(&emitter) {}

  void skip_space() {
    while (at_ < end_ && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
    if (text_.substr(at_, std::min<std::size_t>(2, end_ - at_)) == "//") {
      at_ = end_;
    }
  }
  bool at_end() {
    skip_space();
    return at_ == end_;
  }
  // Also skips the character if it is there.
  bool next_is(char c) {
    skip_space();
    if (at_ < end_ && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }
  bool expect(char c) { return next_is(c) || fail_expected(std::string("`") + c + "`"); }
  // The letters, digits and `_.-` at the position; may be empty.
  std::string_view word() {
    skip_space();
    const std::size_t from = at_;
    while (at_ < end_ && is_word(text_[at_])) {
      ++at_;
    }
    return text_.substr(from, at_ - from);
  }
  std::string_view peek_word() {
    const std::size_t from = at_;
    const std::string_view result = word();
    at_ = from;
    return result;
  }

  bool number(std::uint32_t& value);
  bool value(std::string& out);
  bool value(std::int64_t& out);
  bool value(bool& out);
  bool value(Digest& out);
  bool value(OpId& out) { return expect('%') && id(out.index); }
  bool value(StageId& out) { return expect('@') && id(out.index); }
  bool value(std::pair<std::string, std::string>& out) {
    return value(out.first) && expect('=') && value(out.second);
  }
  template <typename T>
  bool value(std::optional<T>& out) {
    return value(out.emplace());
  }
  template <typename T>
  bool value(std::vector<T>& out) {
    if (!expect('[')) {
      return false;
    }
    if (next_is(']')) {
      return true;
    }
    do {
      if (!value(out.emplace_back())) {
        return false;
      }
    } while (next_is(','));
    return expect(']');
  }
  bool value(Environment& out) {
    Pairs pairs;
    const bool ok = value(pairs);
    out = pairs;
    return ok;
  }
  bool value(SharedStrings& out) {
    Strings values;
    const bool ok = value(values);
    out = std::move(values);
    return ok;
  }
  // The nested structs.
  template <Nested T>
  bool value(T& nested) {
    if (!expect('{')) {
      return false;
    }
    Fields fields;
    while (!next_is('}')) {
      const bool ok = fields.read(*this, [&](auto&& visit) { visit_members(nested, visit); });
      if (!ok) {
        return false;
      }
    }
    return true;
  }

  // `name=value` items in any order, each at most once.
  class Fields {
   public:
    // Reads one item; `for_each` calls its argument with the name and value of every field.
    template <typename ForEach>
    bool read(Line& line, ForEach&& for_each) {
      line.skip_space();
      const std::size_t from = line.at_;
      const std::string name(line.word());
      if (name.empty()) {
        return line.fail_expected("a field");
      }
      const Loc loc = line.loc(from, line.at_);
      if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) {
        line.emitter_->emit(loc, kTwice, name);
        return false;
      }
      seen_.push_back(name);
      bool found = false;
      bool ok = false;
      std::vector<std::string> names;
      for_each([&](std::string_view field, auto& value, auto... /*role*/) {
        names.emplace_back(field);
        if (field == name) {
          found = true;
          ok = line.expect('=') && line.value(value);
        }
      });
      if (!found) {
        line.unknown(kUnknownField, loc, name, names);
      }
      return found && ok;
    }

   private:
    Strings seen_;
  };

  // Reads a trailing loc(…) list into `first` and `more`; locations of unknown files are dropped.
  bool locations(const SourceMap& sources, Loc& first, std::vector<Loc>* more);

  void unknown(const DiagnosticDef<std::string_view>& def, Loc at, std::string_view name,
               const std::vector<std::string>& known) {
    auto pending = emitter_->emit(at, def, name);
    if (const auto near = nearest(name, known)) {
      pending.fix(at, *near, "did you mean `" + *near + "`?");
    }
  }
  bool fail_expected(std::string_view what);

  [[nodiscard]] Loc loc(std::size_t from, std::size_t to) const {
    return {file_, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to)};
  }
  // From the first character read to the position.
  [[nodiscard]] Loc whole() const { return loc(begin_, std::max(at_, begin_)); }
  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] Emitter& emitter() const { return *emitter_; }

 private:
  bool id(std::uint32_t& index) {
    return text_.substr(at_, 1) == "_" ? (++at_, true) : number(index);
  }
  // The characters after a backslash.
  bool escape(std::string& out);
  // `count` hex digits; -1 if they are not there.
  std::int64_t hex(std::size_t count);

  FileId file_;
  std::string_view text_;
  std::size_t at_;
  std::size_t begin_;
  std::size_t end_;
  Emitter* emitter_;
};

bool Line::fail_expected(std::string_view what) {
  skip_space();
  const std::size_t from = at_;
  if (from == end_) {
    emitter_->emit(loc(from, from), kExpected, what);
    return false;
  }
  std::size_t to = from + std::max<std::size_t>(1, peek_word().size());
  // A whole UTF-8 character, so that the message is text.
  while (to < end_ && (static_cast<unsigned char>(text_[to]) & 0xC0U) == 0x80U) {
    ++to;
  }
  emitter_->emit(loc(from, to), kExpectedBut, text_.substr(from, to - from), what);
  return false;
}

bool Line::number(std::uint32_t& value) {
  std::int64_t wide = 0;
  const std::size_t from = at_;
  if (!this->value(wide)) {
    return false;
  }
  // UINT32_MAX is the id that names nothing.
  if (wide < 0 || wide >= UINT32_MAX) {
    emitter_->emit(loc(from, at_), kOutOfRange, text_.substr(from, at_ - from));
    return false;
  }
  value = static_cast<std::uint32_t>(wide);
  return true;
}

bool Line::value(std::int64_t& out) {
  skip_space();
  const std::size_t from = at_;
  const bool negative = at_ < end_ && text_[at_] == '-';
  std::size_t to = from + (negative ? 1 : 0);
  while (to < end_ && is_digit(text_[to])) {
    ++to;
  }
  if (to == from + (negative ? 1 : 0)) {
    return fail_expected("a number");
  }
  at_ = to;
  const auto result = std::from_chars(text_.data() + from, text_.data() + to, out);
  if (result.ec != std::errc()) {
    emitter_->emit(loc(from, to), kOutOfRange, text_.substr(from, to - from));
    return false;
  }
  return true;
}

bool Line::value(bool& out) {
  const std::string_view text = peek_word();
  if (text != "true" && text != "false") {
    return fail_expected("`true` or `false`");
  }
  out = word() == "true";
  return true;
}

bool Line::value(Digest& out) {
  skip_space();
  constexpr std::size_t kLength = 7 + 64;
  const auto digest = Digest::parse(text_.substr(at_, std::min(kLength, end_ - at_)));
  if (!digest.has_value()) {
    return fail_expected("a digest (`sha256:` and 64 lower-case hex digits)");
  }
  out = *digest;
  at_ += kLength;
  return true;
}

std::int64_t Line::hex(std::size_t count) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = at_ < end_ ? hex_value(text_[at_]) : -1;
    if (digit < 0) {
      return -1;
    }
    value = value << 4 | digit;
    ++at_;
  }
  return value;
}

bool Line::escape(std::string& out) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
  const std::size_t from = at_ - 1;
  const char c = at_ < end_ ? text_[at_++] : '\0';
  if (const std::size_t i = kNames.find(c); i != std::string_view::npos) {
    out += kValues[i];
    return true;
  }
  const std::int64_t code = c == 'x' ? hex(2) : c == 'u' ? hex(4) : -1;
  if (code < 0 || (c == 'u' && code >= 0xD800 && code <= 0xDFFF)) {
    emitter_->emit(loc(from, at_), kBadEscape);
    return false;
  }
  if (c == 'x') {
    out += static_cast<char>(code);
  } else {
    append_utf8(out, static_cast<std::uint32_t>(code));
  }
  return true;
}

bool Line::value(std::string& out) {
  skip_space();
  const std::size_t from = at_;
  if (at_ == end_ || text_[at_] != '"') {
    return fail_expected("a string");
  }
  ++at_;
  while (at_ < end_ && text_[at_] != '"') {
    if (text_[at_] == '\\') {
      ++at_;
      if (!escape(out)) {
        return false;
      }
    } else {
      out += text_[at_++];
    }
  }
  if (at_ == end_) {
    emitter_->emit(loc(from, end_), kUnclosed);
    return false;
  }
  ++at_;
  return true;
}

bool Line::locations(const SourceMap& sources, Loc& first, std::vector<Loc>* more) {
  bool is_first = true;
  while (peek_word() == "loc") {
    word();
    std::string name;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    if (!(expect('(') && value(name) && expect(':') && number(begin) && expect(':') &&
          number(end) && expect(')'))) {
      return false;
    }
    const FileId file = sources.find(name);
    if (file.valid() && begin <= end && end <= sources.file(file).text().size()) {
      if (is_first) {
        first = {file, begin, end};
      } else if (more != nullptr) {
        more->push_back({file, begin, end});
      }
      is_first = false;
    }
  }
  return at_end() || fail_expected("the end of the line");
}

class ModuleParser {
 public:
  ModuleParser(FileId file, const SourceMap& sources, Emitter& emitter)
      : file_(file), sources_(&sources), emitter_(&emitter) {}

  std::optional<Module> parse() {
    const std::size_t errors = emitter_->error_count();
    const std::string_view text = sources_->file(file_).text();
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      Line line(file_, text, begin, end, *emitter_);
      if (!line.at_end()) {
        Line statement(file_, text, line.position(), end, *emitter_);
        if (!header_seen_) {
          header_seen_ = true;
          if (!header(statement)) {
            return std::nullopt;
          }
        } else {
          this->statement(statement);
        }
      }
      begin = end + 1;
    }
    if (!header_seen_) {
      emitter_->emit({file_, 0, 0}, kNoHeader);
    }
    return emitter_->error_count() == errors ? std::optional(std::move(module_)) : std::nullopt;
  }

 private:
  bool header(Line& line) {
    if (line.word() == "strata.ir" && line.word() == "1" && line.at_end()) {
      return true;
    }
    emitter_->emit(line.whole(), kNoHeader);
    return false;
  }

  bool statement(Line& line) {
    if (line.next_is('%')) {
      return op(line);
    }
    if (line.next_is('@')) {
      return stage(line);
    }
    if (line.peek_word() == "target") {
      line.word();
      return target(line);
    }
    return line.fail_expected("an op (`%0 = …`), a stage (`@0 = stage …`) or a `target`");
  }

  // `N =`, where N is how many there are already.
  bool next_number(Line& line, std::size_t expected) {
    const std::size_t from = line.position();
    std::uint32_t index = 0;
    if (!line.number(index)) {
      return false;
    }
    if (index != expected) {
      emitter_->emit(line.loc(from, line.position()), kOutOfOrder, expected);
      return false;
    }
    return line.expect('=');
  }

  // The fields up to a loc(…) or the end of the line.
  template <typename ForEach>
  bool fields(Line& line, ForEach&& for_each) {
    Line::Fields fields;
    while (!line.at_end() && line.peek_word() != "loc") {
      if (!fields.read(line, for_each)) {
        return false;
      }
    }
    return true;
  }

  bool op(Line& line) {
    // The op counts even if it is wrong, so that one error is not an error on every line after it.
    const std::size_t index = module_.ops.size();
    Op& op = module_.ops.emplace_back();
    if (!next_number(line, index)) {
      return false;
    }
    line.skip_space();
    const std::size_t from = line.position();
    const std::string name(line.word());
    bool known = false;
    std::vector<std::string> names;
#define STRATA_OP(Struct, text)                                        \
  names.emplace_back(text);                                            \
  if (name == (text)) {                                                \
    known = true;                                                      \
    op.data = Struct{}; /* NOLINT(bugprone-macro-parentheses): type */ \
  }
#define STRATA_FIELD(type, member, text, role)
#define STRATA_OP_END(Struct)
#include "ir/ops.def"
#undef STRATA_OP
#undef STRATA_FIELD
#undef STRATA_OP_END
    if (!known) {
      if (name.empty()) {
        return line.fail_expected("an op");
      }
      line.unknown(kUnknownOp, line.loc(from, line.position()), name, names);
      return false;
    }
    const bool ok = std::visit(
        [&](auto& data) { return fields(line, [&](auto&& visit) { visit_fields(data, visit); }); },
        op.data);
    op.loc = line.whole();
    return ok && line.locations(*sources_, op.loc, &op.also);
  }

  bool stage(Line& line) {
    const std::size_t index = module_.stages.size();
    Stage& stage = module_.stages.emplace_back();
    if (!next_number(line, index)) {
      return false;
    }
    if (line.peek_word() != "stage") {
      return line.fail_expected("`stage`");
    }
    line.word();
    const bool ok = line.value(stage.name) && fields(line, [&](auto&& visit) {
                      visit("config", stage.config);
                      visit("root", stage.root);
                    });
    stage.loc = line.whole();
    return ok && line.locations(*sources_, stage.loc, nullptr);
  }

  bool target(Line& line) {
    Target& target = module_.targets.emplace_back();
    const bool ok = line.value(target.name) && fields(line, [&](auto&& visit) {
                      visit("mounts", target.run_mounts);
                      visit("platform", target.platform);
                      visit("stage", target.stage);
                    });
    target.loc = line.whole();
    return ok && line.locations(*sources_, target.loc, nullptr);
  }

  FileId file_;
  const SourceMap* sources_;
  Emitter* emitter_;
  Module module_;
  bool header_seen_ = false;
};

}  // namespace

std::optional<Module> parse(FileId file, const SourceMap& sources, Emitter& emitter) {
  return ModuleParser(file, sources, emitter).parse();
}

}  // namespace strata::ir
