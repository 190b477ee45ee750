#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/build/observer.h"
#include "backend/registry/http.h"
#include "ir/base/consumer.h"
#include "ir/base/emitter.h"
#include "ir/module.h"
#include "ir/parser.h"

namespace strata::backend {

class NoNetwork final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request) override {
    return Error{ErrorCode::Input, request.url + ": there is no network here"};
  }
};

// Keeps what it is told.
class RecordingObserver final : public BuildObserver {
 public:
  void step_started(ir::OpId) override {}
  void step_output(ir::OpId, std::string_view) override {}
  void step_ended(ir::OpId, StepEnd, double, std::uint64_t) override {}
  void notice(std::string_view message) override { notices.emplace_back(message); }
  std::vector<std::string> notices;
};

inline ir::Module module_of_text(std::string_view text) {
  SourceMap sources;
  CollectingConsumer consumer;
  Emitter emitter(consumer);
  auto module = ir::parse(sources.add("module.sir", std::string(text)), sources, emitter);
  EXPECT_TRUE(module) << consumer.diagnostics().front().message;
  return module.value_or(ir::Module());
}

}  // namespace strata::backend
