// Splits the tokens of a file into statements: which line breaks count, and what never reaches the
// parser (unmatched brackets, stray characters, unterminated strings, nesting beyond the limit).
#include <algorithm>
#include <functional>
#include <utility>

#include "frontend/spec/antlr_internal.h"
#include "frontend/spec/parse.h"

namespace strata::frontend::spec::internal {
namespace {

constexpr DiagnosticDef<std::string> kStray{Kind::SpecSyntax, "stray {}"};
constexpr DiagnosticDef<> kUnterminated{Kind::SpecSyntax, "string without its closing quote"};
constexpr DiagnosticDef<std::string> kUnclosed{Kind::SpecSyntax, "`{}` is never closed"};
constexpr DiagnosticDef<std::string> kUnopened{Kind::SpecSyntax, "`{}` closes nothing"};
constexpr DiagnosticDef<std::string, std::string> kMismatched{Kind::SpecSyntax,
                                                              "`{}` is closed by `{}`"};
constexpr DiagnosticDef<int> kTooDeep{Kind::SpecLimit, "nested more than {} deep"};
// A file with more brackets left open than this is not read on: each costs a scan to its end.
constexpr int kMaxUnclosed = 50;

std::size_t closer_of(std::size_t opener) {
  switch (opener) {
    case SpecLexer::LPAREN:
      return SpecLexer::RPAREN;
    case SpecLexer::LBRACKET:
      return SpecLexer::RBRACKET;
    case SpecLexer::LBRACE:
      return SpecLexer::RBRACE;
    case SpecLexer::HOLE_OPEN:
      return SpecLexer::HOLE_CLOSE;
    case SpecLexer::FSTRING_START:
      return SpecLexer::FSTRING_END;
    default:
      return 0;
  }
}

bool is_closer(std::size_t type) {
  return type == SpecLexer::RPAREN || type == SpecLexer::RBRACKET || type == SpecLexer::RBRACE ||
         type == SpecLexer::HOLE_CLOSE || type == SpecLexer::FSTRING_END;
}

// A line that ends so goes on.
bool continues_after(std::size_t type) {
  switch (type) {
    case SpecLexer::ASSIGN:
    case SpecLexer::ARROW:
    case SpecLexer::COMMA:
    case SpecLexer::PLUS:
    case SpecLexer::PIPE:
    case SpecLexer::AND:
    case SpecLexer::OR:
    case SpecLexer::NOT:
    case SpecLexer::ELSE:
    case SpecLexer::IN:
      return true;
    default:
      return false;
  }
}

// A line that begins so continues the one before.
bool continues_before(std::size_t type) {
  switch (type) {
    case SpecLexer::DOT:
    case SpecLexer::ASSIGN:
    case SpecLexer::WHERE:
    case SpecLexer::WITH:
    case SpecLexer::FOR:
    case SpecLexer::IF:
    case SpecLexer::ELSE:
      return true;
    default:
      return false;
  }
}

bool is_name(std::size_t type) {
  return type == SpecLexer::ID || (type >= SpecLexer::EDITION && type <= SpecLexer::WHERE);
}

class Splitter {
 public:
  Splitter(Tokens tokens, const TokenLocs& locs, Emitter& emitter)
      : tokens_(std::move(tokens)), locs_(&locs), emitter_(&emitter) {}

  std::vector<StatementTokens> run() {
    for (;;) {
      if (at_ == tokens_.size()) {
        if (brackets_.empty()) {
          finish(at_);
          return std::move(statements_);
        }
        unclosed();
        continue;
      }
      const std::size_t type = tokens_[at_]->getType();
      if (type != SpecLexer::NL) {
        take(type);
      } else if (brackets_.empty()) {
        line_break();
      }
      ++at_;
    }
  }

 private:
  // An error of the current statement, held back: what follows an unclosed bracket is read again.
  struct Held {
    std::size_t index;
    std::function<void()> report;
  };

  void take(std::size_t type) {
    last_type_ = type;
    if (type == SpecLexer::STRAY) {
      stray();
    } else if (type == SpecLexer::UNTERMINATED) {
      unterminated();
    } else if (closer_of(type) != 0) {
      brackets_.push_back(at_);
      check_depth(brackets_.size() + chain_);
    } else if (is_closer(type)) {
      close(type);
    } else if (type == SpecLexer::NOT || type == SpecLexer::ELSE) {
      // Both recurse to the right in the grammar.
      ++chain_;
      check_depth(brackets_.size() + chain_);
    }
  }

  // No bracket that is open can be trusted to be closed behind it.
  void unterminated() {
    if (!brackets_.empty() && next_statement(brackets_.front()) < at_) {
      // What began on an earlier line was never closed, and hides statements from there on.
      unclosed();
      // The caller steps on.
      --at_;
      return;
    }
    hold([this, loc = locs_->of(*tokens_[at_])] { emitter_->emit(loc, kUnterminated); });
    resync(at_);
  }

  void stray() {
    const std::string text = tokens_[at_]->getText();
    const Loc loc = locs_->of(*tokens_[at_]);
    const bool in_string =
        !brackets_.empty() && tokens_[brackets_.back()]->getType() == SpecLexer::FSTRING_START;
    hold([this, text, loc, in_string] {
      const bool printable = text.size() > 1 || (text[0] > ' ' && text[0] < '\x7f');
      auto pending =
          emitter_->emit(loc, kStray, printable ? "`" + text + "`" : "control character");
      if (in_string) {
        pending.fix(loc, text + text, "write `" + text + text + "` for a brace in an f-string");
      }
    });
  }

  void check_depth(std::size_t depth) {
    if (depth > static_cast<std::size_t>(kMaxNesting) && !too_deep_) {
      too_deep_ = true;
      hold([this, loc = locs_->of(*tokens_[at_])] { emitter_->emit(loc, kTooDeep, kMaxNesting); });
    }
  }

  void close(std::size_t type) {
    const auto match = std::find_if(brackets_.rbegin(), brackets_.rend(), [&](std::size_t opener) {
      return closer_of(tokens_[opener]->getType()) == type;
    });
    const Loc loc = locs_->of(*tokens_[at_]);
    const std::string text = tokens_[at_]->getText();
    if (match == brackets_.rend()) {
      hold([this, loc, text] { emitter_->emit(loc, kUnopened, text); });
      return;
    }
    if (match != brackets_.rbegin()) {
      const antlr4::Token& opener = *tokens_[brackets_.back()];
      hold([this, loc, text, opened = opener.getText(), at = locs_->of(opener)] {
        emitter_->emit(loc, kMismatched, opened, text).note(at, "`" + opened + "` is opened here");
      });
    }
    brackets_.erase(std::prev(match.base()), brackets_.end());
  }

  // Outside brackets: ends the statement unless its last or the next significant token says that
  // it goes on. Steps over the whole run of line breaks.
  void line_break() {
    std::size_t next = at_ + 1;
    while (next < tokens_.size() && tokens_[next]->getType() == SpecLexer::NL) {
      ++next;
    }
    const bool goes_on = last_type_ == 0 || continues_after(last_type_) ||
                         (next < tokens_.size() && continues_before(tokens_[next]->getType()));
    if (!goes_on) {
      finish(next);
    }
    at_ = next - 1;
  }

  // A bracket that nothing closes: reports it, and reads on where the next statement seems to
  // begin.
  void unclosed() {
    const antlr4::Token& opener = *tokens_[brackets_.back()];
    const std::size_t outermost = brackets_.front();
    const std::size_t next = next_statement(outermost);
    held_.erase(std::remove_if(held_.begin(), held_.end(),
                               [&](const Held& held) { return held.index >= next; }),
                held_.end());
    const bool is_string = opener.getType() == SpecLexer::FSTRING_START;
    held_.push_back(
        {outermost, [this, loc = locs_->of(opener), is_string, text = opener.getText()] {
           if (is_string) {
             emitter_->emit(loc, kUnterminated);
           } else {
             emitter_->emit(loc, kUnclosed, text);
           }
         }});
    finish(next);
    at_ = ++unclosed_ > kMaxUnclosed ? tokens_.size() : next;
    begin_ = at_;
  }

  // Ends the broken statement before the next line that looks like a statement.
  void resync(std::size_t from) {
    const std::size_t next = next_statement(from);
    finish(next);
    begin_ = next;
    // The caller steps on.
    at_ = next - 1;
  }

  // The first token after `from` that stands in column 0 and begins like a statement; else the end.
  std::size_t next_statement(std::size_t from) const {
    for (std::size_t i = from + 1; i < tokens_.size(); ++i) {
      if (tokens_[i]->getCharPositionInLine() == 0 && looks_like_statement(i)) {
        return i;
      }
    }
    return tokens_.size();
  }

  bool looks_like_statement(std::size_t index) const {
    const std::size_t type = tokens_[index]->getType();
    if (type == SpecLexer::IMPORT || type == SpecLexer::FROM) {
      return true;
    }
    if (!is_name(type) || index + 1 >= tokens_.size()) {
      return false;
    }
    const std::size_t next = tokens_[index + 1]->getType();
    return next == SpecLexer::ASSIGN || next == SpecLexer::STRING ||
           next == SpecLexer::FSTRING_START || is_name(next);
  }

  void hold(std::function<void()> report) { held_.push_back({at_, std::move(report)}); }

  // The statement ends before token `end`.
  void finish(std::size_t end) {
    StatementTokens statement;
    statement.state =
        held_.empty() ? StatementTokens::State::Whole : StatementTokens::State::Broken;
    for (std::size_t i = begin_; i < end; ++i) {
      if (tokens_[i]->getType() != SpecLexer::NL) {
        statement.tokens.push_back(std::move(tokens_[i]));
      }
    }
    if (!statement.tokens.empty()) {
      statements_.push_back(std::move(statement));
    }
    for (const Held& held : held_) {
      held.report();
    }
    held_.clear();
    brackets_.clear();
    chain_ = 0;
    last_type_ = 0;
    too_deep_ = false;
    begin_ = end;
  }

  Tokens tokens_;
  const TokenLocs* locs_;
  Emitter* emitter_;
  std::vector<StatementTokens> statements_;
  std::vector<Held> held_;
  // Indices of the openers.
  std::vector<std::size_t> brackets_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::size_t last_type_ = 0;
  std::size_t chain_ = 0;
  int unclosed_ = 0;
  bool too_deep_ = false;
};

}  // namespace

std::vector<StatementTokens> split_statements(Tokens tokens, const TokenLocs& locs,
                                              Emitter& emitter) {
  return Splitter(std::move(tokens), locs, emitter).run();
}

}  // namespace strata::frontend::spec::internal
