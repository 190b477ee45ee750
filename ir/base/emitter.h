#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/base/diagnostic.h"

namespace strata {

// Takes finished diagnostics; consumers chain (sorting → counting → text or JSON). See consumer.h
// and render.h.
class Consumer {
 public:
  virtual ~Consumer() = default;
  Consumer() = default;
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  virtual void consume(Diagnostic diagnostic) = 0;
  // Hands on what is still held. Called once, after the last consume().
  virtual void finish() {}
};

// The only way to report wrong input. Not thread-safe; one per compilation.
class Emitter {
 public:
  // Adds to a diagnostic before it is handed on, which happens at the end of the full expression:
  //   emitter.emit(loc, kUnknownStage, name).note(decl, "stages are declared here").fix(loc, best,
  //   "did you mean …");
  class Pending {
   public:
    Pending(Emitter* emitter, Diagnostic diagnostic)
        : emitter_(emitter), diagnostic_(std::move(diagnostic)) {}
    ~Pending() { emitter_->hand_on(std::move(diagnostic_)); }
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

    Pending& label(Loc loc, std::string text);
    Pending& note(std::string text);
    Pending& note(Loc loc, std::string text);
    Pending& fix(Loc loc, std::string replacement, std::string text);
    Pending& help(std::string text);

   private:
    Emitter* emitter_;
    Diagnostic diagnostic_;
  };

  // `consumer` must outlive the emitter.
  explicit Emitter(Consumer& consumer) : consumer_(&consumer) {}

  template <typename... Args>
  // NOLINTNEXTLINE(modernize-use-nodiscard): the temporary hands the diagnostic on when it dies
  Pending emit(Loc loc, const DiagnosticDef<Args...>& def,
               const std::type_identity_t<Args>&... args) {
    return Pending(this, make(def.kind, loc, fmt::format(def.text, args...)));
  }

  // Hands on a diagnostic that was made elsewhere, one that was held back, say.
  void pass_on(Diagnostic diagnostic) { hand_on(std::move(diagnostic)); }

  // Errors handed on so far; a phase that began with n and ends with more has failed.
  [[nodiscard]] std::size_t error_count() const { return error_count_; }

 private:
  friend class ContextScope;
  static Diagnostic make(Kind kind, Loc loc, std::string message);
  void hand_on(Diagnostic diagnostic);

  Consumer* consumer_;
  std::size_t error_count_ = 0;
  std::vector<std::pair<Loc, std::string>> contexts_;
};

// While alive, adds the note "while …" to each diagnostic: ContextScope scope(emitter, loc, "while
// lowering stage `build`");
class ContextScope {
 public:
  ContextScope(Emitter& emitter, Loc loc, std::string text) : emitter_(&emitter) {
    emitter_->contexts_.emplace_back(loc, std::move(text));
  }
  ~ContextScope() { emitter_->contexts_.pop_back(); }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  Emitter* emitter_;
};

}  // namespace strata
