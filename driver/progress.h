#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/build/observer.h"
#include "driver/options.h"

namespace strata::driver {

// How a step is shown.
struct StepTitle {
  // "[build 2/4] RUN make"; any bytes.
  std::string text;
};

// A progress view on stderr. finish() leaves the screen tidy; nothing is written after it.
class Progress : public backend::BuildObserver {
 public:
  virtual void finish() = 0;
};

// `titles` by OpId. Auto: the live view when stderr is a terminal that can move its cursor, else
// plain.
[[nodiscard]] std::unique_ptr<Progress> make_progress(ProgressKind kind,
                                                      std::vector<StepTitle> titles);

// For the views that people read.
[[nodiscard]] std::vector<StepTitle> printable_titles(std::vector<StepTitle> titles);

[[nodiscard]] std::unique_ptr<Progress> make_tty_progress(std::vector<StepTitle> titles);

}  // namespace strata::driver
