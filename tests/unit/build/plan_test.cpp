// Which stored results stand: the newest, over the same inputs, with tree and content.
#include "backend/build/plan.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "backend/context/digest_cache.h"
#include "backend/oci/image.h"
#include "tests/unit/build/build_kit.h"
#include "tests/unit/store/temporary_store.h"

namespace {

std::atomic<int> syncs{0};

}  // namespace

// The C library's, counted: what this binary links calls these.
extern "C" {
int fsync(int fd) {
  ++syncs;
  return static_cast<int>(::syscall(SYS_fsync, fd));
}
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's is reserved
int fdatasync(int fd) {
  ++syncs;
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}
int syncfs(int fd) noexcept {
  ++syncs;
  return static_cast<int>(::syscall(SYS_syncfs, fd));
}
}

namespace strata::backend {
namespace {

// Two stages: `late` copies a file of `early` over its own root. By OpId: 2 and 3 are early's
// steps, 4 and 5 late's.
constexpr std::string_view kModule = R"(strata.ir 1
%0 = scratch platform="linux/amd64"
%1 = inline files=[{content="a" mode=420 path="f"}]
%2 = copy dest="/" root=%0 sources=[{path="" tree=%1}]
%3 = exec args=["early"] cwd="/" root=%2
%4 = exec args=["late"] cwd="/" root=%0
%5 = copy dest="/" root=%4 sources=[{path="/f" tree=%3}]
@0 = stage "early" config=%0 root=%3
@1 = stage "late" config=%0 root=%5
target "late" platform="linux/amd64" stage=@1
)";
// Two steps in one chain read what `early` left.
constexpr std::string_view kTwoReaders = R"(strata.ir 1
%0 = scratch platform="linux/amd64"
%1 = inline files=[{content="a" mode=420 path="f"}]
%2 = copy dest="/" root=%0 sources=[{path="" tree=%1}]
%3 = exec args=["early"] cwd="/" root=%2
%4 = copy dest="/one" root=%0 sources=[{path="/f" tree=%3}]
%5 = copy dest="/two" root=%4 sources=[{path="/f" tree=%3}]
@0 = stage "late" config=%0 root=%5
target "late" platform="linux/amd64" stage=@0
)";
constexpr ir::OpId kInline{1};
constexpr ir::OpId kFirst{2};
constexpr ir::OpId kEarly{3};
constexpr ir::OpId kLate{4};
constexpr ir::OpId kCopy{5};

class PlanTest : public OpenStoreTest {
 protected:
  void SetUp() override {
    OpenStoreTest::SetUp();
    use(kModule);
  }

  void use(std::string_view text) {
    module_ = module_of_text(text);
    records_ = ir::records(module_);
  }

  Plan plan(CacheUse cache = CacheUse::Use, Resolver::Own own = {}) {
    auto made = make_plan({module_, records_, *store_, {kProfile}, cache, std::move(own)});
    EXPECT_TRUE(made.ok()) << (made ? "" : made.error().message);
    return made ? *std::move(made) : Plan();
  }

  [[nodiscard]] Digest digest(ir::OpId id) const { return records_[id.index]->digest; }

  // A tree that holds one file with this text, whole in the store.
  Digest whole(const std::string& text) {
    const Digest tree = *store_->put_tree(tree_of("f", text));
    const std::string staged = *store_->new_scratch("root");
    write(staged + "/f", text);
    EXPECT_TRUE(store_->put_root(tree, staged).ok());
    return tree;
  }
  void put(ir::OpId id, const Digest& tree, const std::vector<Digest>& inputs) {
    const std::string record = ir::record_json(module_, records_, id);
    EXPECT_TRUE(store_->put_result(digest(id), record, {tree, inputs, 1}).ok());
  }
  // Results for all steps, each with a tree of its own.
  void put_all() {
    first_ = whole("first");
    early_ = whole("early");
    late_ = whole("late");
    copy_ = whole("copy");
    put(kFirst, first_, {scratch(), digest(kInline)});
    put(kEarly, early_, {first_});
    put(kLate, late_, {scratch()});
    put(kCopy, copy_, {late_, early_});
  }
  [[nodiscard]] Digest scratch() const { return digest(ir::OpId{0}); }

  // An image of these layers under the target's key.
  void put_image_of(const std::vector<Digest>& trees) {
    oci::Manifest manifest;
    ir::ImageConfig config;
    config.os = "linux";
    config.architecture = "amd64";
    for (const Digest& tree : trees) {
      const std::string bytes = "the layer of " + tree.str();
      const Digest blob = *store_->put_blob(bytes);
      manifest.layers.push_back(
          {"application/vnd.oci.image.layer.v1.tar", blob, bytes.size(), {}, ""});
      config.diff_ids.push_back(blob);
      EXPECT_TRUE(store_->put_layer(tree, kProfile, {blob, blob, bytes.size()}).ok());
    }
    const std::string text = oci::write_config(config);
    manifest.config = {std::string(oci::kConfigType), *store_->put_blob(text), text.size(), {}, ""};
    const std::string document = oci::write_manifest(manifest);
    const Digest key = plan().targets[0].key->digest;
    EXPECT_TRUE(store_
                    ->put_image(key, {std::string(oci::kManifestType),
                                      *store_->put_blob(document),
                                      document.size(),
                                      {},
                                      ""})
                    .ok());
  }

  static std::string statuses(const Plan& plan) {
    std::string text;
    for (const ir::OpId id : {kFirst, kEarly, kLate, kCopy}) {
      text += plan.steps[id.index].needed ? status_name(plan.steps[id.index].status) : "-";
      text += ' ';
    }
    return text;
  }

  static constexpr const char* kProfile = "none";
  ir::Module module_;
  std::vector<std::optional<ir::StepRecord>> records_;
  Digest first_, early_, late_, copy_;
};

TEST_F(PlanTest, TheNewestResultThatStandsWins) {
  put_all();
  const Digest fresh = whole("fresh");
  put(kLate, fresh, {scratch()});
  put(kCopy, copy_, {fresh, early_});
  EXPECT_EQ(plan().steps[kLate.index].result->tree, fresh);
  // Its content is gone: the one before is the newest that stands, and what was made of it stands.
  ASSERT_TRUE(remove_tree(home_ + "/roots/" + fresh.hex()).ok());
  const Plan older = plan();
  EXPECT_EQ(older.steps[kLate.index].result->tree, late_);
  EXPECT_EQ(older.steps[kCopy.index].result->inputs, (std::vector<Digest>{late_, early_}));
  // What comes out again as it did before is the newest again.
  put(kFirst, whole("other"), {scratch(), digest(kInline)});
  put(kFirst, first_, {scratch(), digest(kInline)});
  EXPECT_EQ(plan().steps[kFirst.index].result->tree, first_);
}

TEST_F(PlanTest, ARefreshedStepMakesItsReadersRunAgain) {
  put_all();
  EXPECT_EQ(statuses(plan()), "- - hit hit ");
  // As by `build --no-cache --target early` with another outcome.
  put(kFirst, whole("refreshed"), {scratch(), digest(kInline)});
  EXPECT_EQ(statuses(plan()), "hit miss hit miss ");
  // With the same outcome as before nothing is newer.
  put(kFirst, first_, {scratch(), digest(kInline)});
  EXPECT_EQ(statuses(plan()), "- - hit hit ");
}

TEST_F(PlanTest, AWholeImageOfAnOlderResultIsNotTaken) {
  put_all();
  put_image_of({late_, copy_});
  EXPECT_TRUE(plan().targets[0].image);
  const Digest fresh = whole("fresh");
  put(kLate, fresh, {scratch()});
  EXPECT_FALSE(plan().targets[0].image) << "its reader was not made over the newest";
  put(kCopy, copy_, {fresh, early_});
  EXPECT_TRUE(plan().targets[0].image) << "no layer of the newest says that it is another";
  const Digest blob = *store_->put_blob("x");
  ASSERT_TRUE(store_->put_layer(fresh, kProfile, {blob, blob, 1}).ok());
  EXPECT_FALSE(plan().targets[0].image) << "it has the layer of the older one";
}

TEST_F(PlanTest, AnImageStandsWithoutResults) {
  put_all();
  put_image_of({late_, copy_});
  for (const char* directory : {"steps", "roots", "trees"}) {
    ASSERT_TRUE(remove_tree(home_ + "/" + directory).ok());
  }
  EXPECT_TRUE(plan().targets[0].image);
}

TEST_F(PlanTest, AResultThatLostItsTreeDoesNotStand) {
  put_all();
  for (const std::string& text : {std::string(), std::string("damaged\n")}) {
    SCOPED_TRACE(text);
    const std::string path = home_ + "/trees/" + copy_.hex();
    const std::string good = read(path);
    write(path, text);
    EXPECT_EQ(statuses(plan()), "hit hit hit miss ");
    write(path, good);
    EXPECT_EQ(statuses(plan()), "- - hit hit ");
  }
  ASSERT_EQ(::unlink((home_ + "/trees/" + copy_.hex()).c_str()), 0);
  EXPECT_EQ(statuses(plan()), "hit hit hit miss ");
}

TEST_F(PlanTest, AResultWhoseOnlyLayerIsDamagedDoesNotStand) {
  put_all();
  ASSERT_TRUE(remove_tree(home_ + "/roots/" + copy_.hex()).ok());
  const Digest blob = *store_->put_blob("layer");
  ASSERT_TRUE(store_->put_layer(copy_, kProfile, {blob, blob, 5}).ok());
  EXPECT_EQ(statuses(plan()), "- - hit hit ");
  write(store_->blob_path(blob), "LAYER");
  EXPECT_EQ(statuses(plan()), "hit hit hit miss ");
}

// The step is of no effect: its result needs neither root nor layer.
TEST_F(PlanTest, AResultThatChangedNothingStandsByItself) {
  put_all();
  put(kLate, empty_tree_digest(), {scratch()});
  put(kCopy, copy_, {empty_tree_digest(), early_});
  EXPECT_EQ(statuses(plan()), "- - hit hit ");
  const Resolver resolver(module_, records_, *store_, CacheUse::Use, {});
  const auto answer = resolver.find(
      kLate, resolver.inputs(kLate, [](ir::OpId) { return std::optional<Digest>(); }));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->result->tree, empty_tree_digest());
}

TEST_F(PlanTest, AStepThatIsGoneIsNotNeededWhereItsReadersStand) {
  put_all();
  ASSERT_TRUE(remove_tree(home_ + "/roots/" + early_.hex()).ok());
  EXPECT_EQ(statuses(plan()), "- - hit hit ");
}

// Made over two results of one step, its readers do not belong together.
TEST_F(PlanTest, AStepThatIsGoneIsOneResultForAllItsReaders) {
  use(kTwoReaders);
  const Digest one = whole("one");
  const Digest two = whole("two");
  put(kFirst, whole("first"), {scratch(), digest(kInline)});
  put(kLate, one, {scratch(), Digest::of("gone")});
  put(kCopy, two, {one, Digest::of("gone")});
  EXPECT_EQ(statuses(plan()), "- - hit hit ");
  put(kLate, one, {scratch(), Digest::of("gone too")});
  EXPECT_EQ(statuses(plan()), "hit miss miss miss ");
}

TEST_F(PlanTest, WithoutTheCacheOnlyWhatThisCommandMadeStands) {
  put_all();
  EXPECT_EQ(statuses(plan(CacheUse::Ignore)), "miss miss miss miss ");
  EXPECT_EQ(statuses(plan(CacheUse::Ignore, {kFirst, kEarly})), "hit hit miss miss ");
}

TEST_F(PlanTest, PlanningAndItsCachesSyncNothing) {
  put_all();
  put_image_of({late_, copy_});
  write(home_ + "/steps/" + digest(kCopy).hex() + ".results", "damaged");
  const int before = syncs;
  EXPECT_GT(before, 0) << "the store syncs what it publishes, and here it is counted";
  (void)plan();
  DigestCache cache(store_->stat_cache_path());
  struct stat status {};
  ASSERT_EQ(::stat(home_.c_str(), &status), 0);
  cache.put(status, {}, cache_clock() + 10'000'000'000);
  ASSERT_TRUE(cache.save().ok());
  EXPECT_TRUE(exists(store_->stat_cache_path()));
  EXPECT_EQ(syncs, before);
}

}  // namespace
}  // namespace strata::backend
