#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace strata::driver {

enum class ProgressKind { Auto, Tty, Plain, Json, Quiet };
enum class MessageFormat { Text, Json };
enum class Freshness { PreferStore, Update, Offline };

// What `build`, `plan` and `key` share: one input, and how it is read.
struct InputOptions {
  std::string context = ".";
  std::string file;
  std::vector<std::string> targets;
  std::vector<std::pair<std::string, std::string>> build_args;
  std::vector<std::pair<std::string, std::string>> params;
  std::string platform;
  // Named contexts: directories.
  std::map<std::string, std::string> contexts;
  bool no_cache = false;
  Freshness freshness = Freshness::PreferStore;
  unsigned jobs = 0;  // 0: as many as the machine has cores
  std::string compression = "gzip";
  MessageFormat message_format = MessageFormat::Text;
};

// One -o. `type` is oci, oci-archive, docker, tar, local or registry; `ref` is for registry.
struct OutputOption {
  std::string type;
  std::string dest;
  std::string ref;
};

struct BuildOptions {
  InputOptions input;
  std::vector<std::string> tags;
  std::vector<OutputOption> outputs;
  bool push = false;
  bool load = false;
  ProgressKind progress = ProgressKind::Auto;
  std::string runtime;
  std::string iidfile;
  std::string digest_file;
  std::string metadata_file;
};

enum class OutputFormat { Text, Json };

struct PlanOptions {
  InputOptions input;
  OutputFormat format = OutputFormat::Text;
  bool detailed_exitcode = false;
};

struct KeyOptions {
  InputOptions input;
  bool steps = false;
  std::string preimage;  // a step's digest, or a prefix of its hex digits
};

struct DumpOptions {
  std::string what;  // ast, ir, plan
  std::string file;
  OutputFormat format = OutputFormat::Text;
  bool locations = false;
  bool optimized = false;
};

struct OptOptions {
  std::string file;
  std::vector<std::string> passes;
  std::vector<std::string> print_after;
  bool verify_each = false;
  bool print_changed = false;
  bool time_passes = false;
  bool list = false;
};

struct ImportOptions {
  std::string path;
  std::string name;
  std::string platform;
  // Dockerfile-style changes of a root tar's config: ENV, CMD, ENTRYPOINT, WORKDIR, USER, LABEL.
  std::vector<std::string> changes;
  std::int64_t created = 0;
};

struct ExportOptions {
  std::string image;
  OutputOption output;
};

// pull and push.
struct TransferOptions {
  std::string image;
  std::string destination;  // push only; "" is the image's own name
  std::string platform;
};

struct InspectOptions {
  std::string image;
  OutputFormat format = OutputFormat::Text;
};

// One of `image` and `step` is set.
struct RunOptions {
  std::string image;
  std::string step;    // a step's digest, or the first of its hex digits
  bool after = false;  // at the step's end, not where it starts
  std::vector<std::string> command;
  bool interactive = false;
  bool tty = false;
  std::vector<std::string> volumes;
  std::vector<std::string> tmpfs;
  std::vector<std::string> env_files;
  std::vector<std::pair<std::string, std::string>> env;  // over those of the files
  std::vector<std::string> ports;
  std::string name;
  std::string hostname;
  std::string network;
  bool read_only = false;
  std::string entrypoint;
  std::string workdir;
  std::string user;
  std::string runtime;
};

struct GcCommandOptions {
  std::optional<std::uint64_t> keep_bytes;
  std::optional<int> keep_days;
  bool dry_run = false;
};

struct DoctorOptions {
  std::string runtime;
  bool fsck = false;
};

}  // namespace strata::driver
