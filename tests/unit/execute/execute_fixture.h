#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/execute/executor.h"

namespace strata::backend {

// A scratch directory with a small root file system made of this machine's own programs, and an
// executor. Skips when not root: overlay mounts and namespaces need it.
class ExecuteTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Starts an executor; "" chooses a runtime as strata does.
  void start(const std::string& runtime = "");
  // A spec that runs `script` with /bin/sh over the base root, in a fresh scratch directory.
  RunSpec shell(const std::string& script);
  // Runs it; what it wrote is in `output_`.
  Result<RunOutcome> run(const RunSpec& spec);
  // Runs what would take long, and cancels the executor meanwhile.
  Result<RunOutcome> run_cancelled_after(std::chrono::milliseconds delay);

  // Paths below the upper directory, sorted, each with its type's letter: "d etc".
  static std::vector<std::string> upper(const RunSpec& spec);
  // A new directory in the test's own.
  std::string directory(const std::string& name);
  static void write(const std::string& path, const std::string& text);
  // `find` of names that hold this build's id, in every cgroup hierarchy.
  std::vector<std::string> cgroups() const;

  std::string path_;
  std::string base_;
  std::string id_;
  std::string output_;
  std::unique_ptr<Executor> executor_;

 private:
  int next_ = 0;
};

// Waits up to ten seconds for something to become true.
bool eventually(const std::function<bool()>& condition);
// Processes whose command line or mounts hold `text`; this one does not count.
std::vector<std::string> processes_with(const std::string& text);
// The lines of /proc/self/mountinfo that hold `text`.
std::vector<std::string> mounts_with(const std::string& text);

}  // namespace strata::backend
