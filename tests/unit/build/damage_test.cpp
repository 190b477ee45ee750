// Damage is a miss: whatever single file of a store is lost or damaged, the next build gives the
// same image, or says what cannot be had.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "backend/build/builder.h"
#include "backend/oci/image.h"
#include "ir/reference.h"
#include "tests/fakes/fault_registry.h"
#include "tests/unit/build/build_kit.h"
#include "tests/unit/registry/image_kit.h"
#include "tests/unit/store/temporary_store.h"

namespace strata::backend {
namespace {

namespace fs = std::filesystem;

// A tool stage, of which one file is copied over a base, and a file of the base copied within it.
constexpr std::string_view kModule = R"(strata.ir 1
%0 = image platform="linux/amd64" ref="REF"
%1 = scratch platform="linux/amd64"
%2 = inline files=[{content="a tool\n" mode=493 path="tool"}]
%3 = copy dest="/" root=%1 sources=[{path="" tree=%2}]
%4 = mkdir path="/made" root=%3
%5 = copy dest="/in/" root=%0 sources=[{path="/tool" tree=%4}]
%6 = copy dest="/out/" root=%5 sources=[{path="/etc/motd" tree=%0}]
%7 = mkdir path="LAST" root=%6
@0 = stage "tools" config=%1 root=%4
@1 = stage "late" config=%0 root=%7
target "late" platform="linux/amd64" stage=@1
)";

// The layer of a tree, with each file's path as its bytes.
std::string layer_bytes(const Tree& tree, Digest& diff_id) {
  struct Sink final : ByteSink {
    Result<void> write(const void* data, std::size_t size) override {
      bytes.append(static_cast<const char*>(data), size);
      return {};
    }
    std::string bytes;
  } sink;
  std::map<std::string, std::string> files;
  for (const TreeEntry& entry : tree.entries) {
    if (entry.type == EntryType::File) {
      files[entry.path] = entry.path;
    }
  }
  const auto blob = write_layer(tree, *memory_content(std::move(files)), {}, 1, sink);
  EXPECT_TRUE(blob.ok()) << (blob ? "" : blob.error().message);
  diff_id = blob->diff_id;
  return std::move(sink.bytes);
}

Tree tree_with(const std::string& directory, const std::string& file) {
  TreeEntry above;
  above.path = directory;
  above.type = EntryType::Directory;
  above.mode = 0755;
  TreeEntry entry;
  entry.path = directory + "/" + file;
  entry.mode = 0644;
  entry.size = entry.path.size();
  entry.sha256 = Digest::of(entry.path);
  return Tree{{above, entry}};
}

TestImage base_image() {
  TestImage image;
  nlohmann::json diff_ids = nlohmann::json::array();
  nlohmann::json layers = nlohmann::json::array();
  for (const Tree& tree : {tree_with("etc", "motd"), tree_with("usr", "tool")}) {
    Digest diff_id;
    image.layers.push_back(layer_bytes(tree, diff_id));
    diff_ids.push_back(diff_id.str());
    layers.push_back(
        descriptor_json("application/vnd.oci.image.layer.v1.tar+gzip", image.layers.back()));
  }
  image.config = nlohmann::json{{"os", "linux"},
                                {"architecture", "amd64"},
                                {"config", nlohmann::json::object()},
                                {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}}
                     .dump();
  image.manifest = nlohmann::json{
      {"schemaVersion", 2},
      {"mediaType", std::string(oci::kManifestType)},
      {"config", descriptor_json(std::string(oci::kConfigType), image.config)},
      {"layers",
       layers}}.dump();
  return image;
}

// What happens to a file.
struct Damage {
  std::string name;
  std::function<void(const std::string& path)> inflict;
};

std::vector<Damage> damages() {
  const auto rewrite = [](const std::string& path, const std::function<void(std::string&)>& edit) {
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    edit(text);
    fs::remove(path);
    std::ofstream(path, std::ios::binary) << text;
  };
  return {
      {"flipped bit",
       [=](const std::string& path) {
         rewrite(path, [](std::string& text) {
           if (!text.empty()) {
             text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 4);
           }
         });
       }},
      {"cut off",
       [=](const std::string& path) {
         rewrite(path, [](std::string& text) { text.resize(text.size() / 2); });
       }},
      {"emptied",
       [=](const std::string& path) { rewrite(path, [](std::string& text) { text.clear(); }); }},
      {"removed", [](const std::string& path) { fs::remove(path); }},
      {"a directory now",
       [](const std::string& path) {
         fs::remove(path);
         fs::create_directory(path);
       }},
  };
}

class DamageTest : public TemporaryStoreTest {
 protected:
  // The manifest's digest, after the image was looked at byte by byte; else what was said.
  std::string build(const std::string& last) {
    const auto store = open();
    if (store == nullptr) {
      return "no store";
    }
    RegistryOptions options;
    options.retry_delay_ms = 1;
    Registry registry(*http_, *store, options);
    Sources sources(*store, registry, nullptr, {});
    const auto base = sources.image({.ref = reference_, .platform = "linux/amd64"});
    if (!base) {
      return base.error().message;
    }
    const ir::Module module = module_of(**base, last);
    const auto records = ir::records(module);
    late_steps_ = {records[5]->digest, records[6]->digest, records[7]->digest};
    const EmissionProfile profile;
    auto plan = make_plan({module, records, *store, {profile.name()}});
    if (!plan) {
      return plan.error().message;
    }
    if (before_build_) {
      before_build_(*plan);
    }
    RecordingObserver observer;
    const std::atomic<bool> cancelled{false};
    const BuildRequest request{.module = module,
                               .records = records,
                               .plan = &*plan,
                               .store = *store,
                               .registry = registry,
                               .sources = sources,
                               .profile = profile,
                               .jobs = 2,
                               .proxies = {},
                               .observer = observer,
                               .cancelled = cancelled};
    const auto outcome = backend::build(request);
    notices_ = observer.notices;
    if (!outcome) {
      return outcome.error().message;
    }
    if (!outcome->failures.empty()) {
      return outcome->failures.front().error.message;
    }
    const Descriptor& manifest = outcome->images.front().manifest;
    return is_whole(*store, manifest) ? manifest.digest.str() : "not whole";
  }

  static bool is_whole(const Store& store, const Descriptor& manifest) {
    const auto image = oci::load_image(store, manifest);
    if (!image || !*image) {
      return false;
    }
    const auto& layers = (*image)->manifest.layers;
    return std::all_of(layers.begin(), layers.end(), [&](const Descriptor& layer) {
      return Digest::of(read(store.blob_path(layer.digest))) == layer.digest;
    });
  }

  [[nodiscard]] ir::Module module_of(const ir::ImageBinding& base, const std::string& last) const {
    std::string text(kModule);
    text.replace(text.find("REF"), 3, base.ref);
    text.replace(text.find("LAST"), 4, last);
    ir::Module module = module_of_text(text);
    auto& image = std::get<ir::Image>(module.ops[0].data);
    image.manifest = base.manifest;
    image.config = base.config_digest;
    image.diff_ids = base.config.diff_ids;
    return module;
  }

  // The files of the store that hold something, without those of running processes.
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const char* directory : {"blobs/sha256", "trees", "chains", "layers", "steps", "roots",
                                  "keys", "refs", "resolved", "verified"}) {
      for (const auto& entry : fs::recursive_directory_iterator(home_ + "/" + directory)) {
        if (entry.is_regular_file()) {
          found.push_back(entry.path());
        }
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  // The results of the stage that copies, and the images made of them: a build reads all below.
  void forget_late_steps() const {
    for (const Digest& step : late_steps_) {
      fs::remove_all(home_ + "/steps/" + step.hex() + ".results");
    }
    for (const auto& entry : fs::directory_iterator(home_ + "/keys")) {
      fs::remove_all(entry);
    }
  }

  // Damages each file in turn, and builds: where the image is there, and where it has to be made of
  // what is below it. `told`: whether an answer other than the image is right for this file;
  // `restore` makes up for it.
  void damage_each(
      const std::function<bool(const std::string& file, const std::string& answer)>& told,
      const std::function<void()>& restore) {
    const std::string image = build("/work");
    ASSERT_EQ(image.substr(0, 7), "sha256:") << image;
    const std::vector<std::string> all = files();
    EXPECT_GT(all.size(), 40U);
    for (const Damage& damage : damages()) {
      for (const std::string& file : all) {
        for (const bool again : {false, true}) {
          if (!exists(file)) {
            continue;
          }
          SCOPED_TRACE(file.substr(home_.size() + 1) + ", " + damage.name +
                       (again ? ", again" : ""));
          damage.inflict(file);
          if (again) {
            forget_late_steps();
          }
          const std::string first = build("/work");
          if (first != image) {
            EXPECT_TRUE(told(file, first)) << first;
            restore();
          }
          EXPECT_EQ(build("/work"), image) << "in the second build after " << first;
        }
      }
    }
  }

  TestImage base_ = base_image();
  std::string reference_;
  std::unique_ptr<HttpClient> http_;
  // Called between the plan and the build.
  std::function<void(const Plan& plan)> before_build_;
  // Of the last build.
  std::vector<std::string> notices_;
  std::vector<Digest> late_steps_;
};

TEST_F(DamageTest, OverAPulledBaseEachFileIsMadeAgainOrPulledAgain) {
  test::FaultRegistry registry;
  serve(registry, "base", "1", base_);
  reference_ = registry.host() + "/base:1";
  http_ = make_curl_client();
  damage_each([](const std::string&, const std::string&) { return false; }, [] {});
}

TEST_F(DamageTest, OverAnImportedBaseEachFileIsMadeAgainOrNamed) {
  http_ = std::make_unique<NoNetwork>();
  reference_ = "example.com/base:1";
  const auto import = [&] {
    const auto store = open();
    for (const std::string& layer : base_.layers) {
      ASSERT_TRUE(store->put_blob(layer));
    }
    ASSERT_TRUE(store->put_blob(base_.config));
    ASSERT_TRUE(store->put_blob(base_.manifest));
    const Descriptor manifest{
        std::string(oci::kManifestType), base_.digest(), base_.manifest.size(), {}, ""};
    ASSERT_TRUE(store->set_ref(reference_, manifest));
  };
  import();
  damage_each(
      [&](const std::string& file, const std::string& answer) {
        const std::string name = fs::path(file).filename();
        const bool of_base =
            name == base_.digest().hex() || name == Digest::of(base_.config).hex() ||
            name == base_.layer_digest(0).hex() || name == base_.layer_digest(1).hex() ||
            file.find("/refs/") != std::string::npos;
        return of_base && answer.find("example.com/base:1") != std::string::npos &&
               (answer.find("strata import") != std::string::npos ||
                file.find("/refs/") != std::string::npos);
      },
      import);
}

// The plan did not see it: the build finds it, says so, and plans again.
TEST_F(DamageTest, WhatIsDamagedAfterThePlanIsMadeAgainInTheSameBuild) {
  test::FaultRegistry registry;
  serve(registry, "base", "1", base_);
  reference_ = registry.host() + "/base:1";
  http_ = make_curl_client();
  const std::string image = build("/other");
  EXPECT_TRUE(notices_.empty());
  // All of it, so that each step is read again.
  const auto forget = [&] {
    for (const char* directory : {"/keys", "/blobs/sha256", "/layers"}) {
      for (const auto& entry : fs::recursive_directory_iterator(home_ + directory)) {
        if (entry.is_regular_file()) {
          fs::remove(entry.path());
        }
      }
    }
  };
  ASSERT_EQ(build("/work").substr(0, 7), "sha256:");
  for (const char* directory : {"/trees", "/roots"}) {
    SCOPED_TRACE(directory);
    int damaged = 0;
    before_build_ = [&](const Plan& plan) {
      for (const PlannedStep& step : plan.steps) {
        if (step.needed && step.result && step.result->tree != empty_tree_digest()) {
          ASSERT_TRUE(remove_tree(home_ + directory + "/" + step.result->tree.hex()).ok());
          ++damaged;
        }
      }
    };
    forget();
    EXPECT_EQ(build("/other"), image);
    EXPECT_GT(damaged, 0);
    EXPECT_FALSE(notices_.empty());
    before_build_ = nullptr;
    EXPECT_EQ(build("/other"), image);
    EXPECT_TRUE(notices_.empty());
  }
}

}  // namespace
}  // namespace strata::backend
