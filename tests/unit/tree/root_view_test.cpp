// RootView: visibility through chains of diff trees, and links as chroot follows them.
#include "backend/tree/root_view.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace strata::backend {
namespace {

std::shared_ptr<const Tree> tree_of(const std::vector<std::string>& lines) {
  // "d dir", "f file", "l link -> target", "w gone"
  auto tree = std::make_shared<Tree>();
  for (const std::string& line : lines) {
    TreeEntry entry;
    entry.type = static_cast<EntryType>(line[0]);
    const std::size_t arrow = line.find(" -> ");
    entry.path = line.substr(2, arrow == std::string::npos ? arrow : arrow - 2);
    if (arrow != std::string::npos) {
      entry.link = line.substr(arrow + 4);
    }
    tree->entries.push_back(std::move(entry));
  }
  sort_tree(*tree);
  return tree;
}

std::vector<std::string> walked(const RootView& view, const std::string& directory) {
  std::vector<std::string> paths;
  view.walk(directory, [&](const RootView::Found& found) {
    paths.push_back(found.entry->path + "@" + std::to_string(found.layer));
  });
  return paths;
}

using Paths = std::vector<std::string>;

TEST(RootView, WhiteoutsAndReplacementsHideWhatIsBelow) {
  const RootView view({tree_of({"d a", "f a/1", "f a/2", "d a-b", "f a-b/x", "d c", "f c/1"}),
                       tree_of({"d a", "w a/1", "f a-b", "w c"}),
                       tree_of({"d c", "f c/2", "d a-b", "f a-b/y"})});
  EXPECT_FALSE(view.find("a/1"));
  EXPECT_EQ(view.find("a/2")->layer, 0U);
  EXPECT_EQ(view.find("a")->layer, 1U);
  EXPECT_FALSE(view.find("a-b/x"));
  EXPECT_EQ(view.find("a-b/y")->layer, 2U);
  EXPECT_FALSE(view.find("c/1"));
  EXPECT_TRUE(view.find("c/2"));
  EXPECT_EQ(view.list(""), (Paths{"a", "a-b", "c"}));
  EXPECT_EQ(view.list("c"), (Paths{"2"}));
  EXPECT_EQ(view.list("a-b"), (Paths{"y"}));
  EXPECT_EQ(walked(view, ""), (Paths{"a@1", "a-b@2", "a-b/y@2", "a/2@0", "c@2", "c/2@2"}));
  EXPECT_EQ(walked(view, "c"), (Paths{"c/2@2"}));
  EXPECT_EQ(walked(view, "nowhere"), Paths());
}

// A link belongs to its layer: what a later one does to the path of its file is not the link's.
TEST(RootView, AHardLinkIsAFileOfTheLayerThatHoldsIt) {
  const auto lower = tree_of({"d d", "f d/a", "h d/b -> d/a", "h d/c -> d/a"});
  const RootView view({lower, tree_of({"d d", "f d/a", "w d/c"})});
  const RootView::Found file = view.file_of(*view.find("d/b"));
  EXPECT_EQ(file.entry, lower->find("d/a"));
  EXPECT_EQ(file.layer, 0U);
  EXPECT_EQ(view.file_of(*view.find("d/a")).layer, 1U);
  EXPECT_EQ(view.standing_alone(*view.find("d/b")).type, EntryType::File);
  EXPECT_EQ(view.standing_alone(*view.find("d/b")).path, "d/b");
  const RootView removed({lower, tree_of({"d d", "w d/a"})});
  EXPECT_EQ(removed.file_of(*removed.find("d/c")).entry, file.entry);
}

TEST(RootView, ResolvesAsChrootDoes) {
  const RootView view(
      {tree_of({"d usr", "d usr/bin", "l bin -> usr/bin", "l up -> ../../usr", "l loop -> loop",
                "l abs -> /usr/bin", "f usr/bin/sh", "l usr/bin/self -> ./../bin/sh"})});
  const auto yes = [&](const std::string& path) {
    const Result<std::string> result = view.resolve(path, RootView::FollowLast::Yes);
    return result ? *result : "error: " + result.error().message;
  };
  EXPECT_EQ(yes("/bin/sh"), "usr/bin/sh");
  EXPECT_EQ(yes("bin"), "usr/bin");
  EXPECT_EQ(yes("up/bin/self"), "usr/bin/sh");
  EXPECT_EQ(yes("abs/../../../../bin"), "usr/bin");
  EXPECT_EQ(yes("/"), "");
  EXPECT_EQ(yes("new/../x/y"), "x/y");
  EXPECT_EQ(yes("loop"), "error: loop: more than 40 symbolic links on the way");
  EXPECT_EQ(*view.resolve("bin", RootView::FollowLast::No), "bin");
  EXPECT_EQ(*view.resolve("bin/", RootView::FollowLast::No), "usr/bin");
  EXPECT_EQ(*view.resolve("bin/self", RootView::FollowLast::No), "usr/bin/self");
}

// A slow model: apply each layer to a map, whole.
std::map<std::string, char> flatten(const std::vector<std::shared_ptr<const Tree>>& layers) {
  std::map<std::string, char> files;
  for (const auto& layer : layers) {
    for (const TreeEntry& entry : layer->entries) {
      if (entry.type != EntryType::Directory) {
        files.erase(files.lower_bound(entry.path + "/"), files.lower_bound(entry.path + "0"));
      }
      if (entry.type == EntryType::Whiteout) {
        files.erase(entry.path);
      } else {
        files[entry.path] = static_cast<char>(entry.type);
      }
    }
  }
  return files;
}

std::shared_ptr<const Tree> random_tree(std::mt19937& random) {
  auto tree = std::make_shared<Tree>();
  const std::vector<std::string> names{"a", "a-", "a0", "b"};
  std::map<std::string, EntryType> entries;
  for (int i = 0; i < 6; ++i) {
    std::string path;
    for (unsigned depth = 0; depth < 3; ++depth) {
      path += (path.empty() ? "" : "/") + names[random() % names.size()];
      const auto [at, is_new] = entries.emplace(path, EntryType::Directory);
      if (is_new && random() % 3 == 0) {
        at->second = random() % 2 == 0 ? EntryType::Whiteout : EntryType::Fifo;
      }
      if (at->second != EntryType::Directory) {
        break;
      }
    }
  }
  for (const auto& [path, type] : entries) {
    TreeEntry entry;
    entry.path = path;
    entry.type = type;
    tree->entries.push_back(entry);
  }
  sort_tree(*tree);
  return tree;
}

TEST(RootView, AgreesWithAModelOnRandomChains) {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    std::vector<std::shared_ptr<const Tree>> layers;
    for (unsigned i = 0; i <= random() % 6; ++i) {
      layers.push_back(random_tree(random));
    }
    const RootView view(layers);
    const std::map<std::string, char> model = flatten(layers);
    Paths expected;
    for (const auto& file : model) {
      expected.push_back(file.first);
    }
    Paths seen;
    view.walk("", [&](const RootView::Found& found) {
      seen.push_back(found.entry->path);
      EXPECT_EQ(static_cast<char>(found.entry->type), model.at(found.entry->path));
      const auto again = view.find(found.entry->path);
      ASSERT_TRUE(again);
      EXPECT_EQ(again->entry, found.entry);
    });
    EXPECT_EQ(seen, expected);
    for (const auto& layer : layers) {
      for (const TreeEntry& entry : layer->entries) {
        EXPECT_EQ(view.find(entry.path).has_value(), model.count(entry.path) != 0) << entry.path;
        Paths children;
        for (const std::string& path : expected) {
          if (path.rfind(entry.path + "/", 0) == 0 &&
              path.find('/', entry.path.size() + 1) == std::string::npos) {
            children.push_back(path.substr(entry.path.size() + 1));
          }
        }
        EXPECT_EQ(view.list(entry.path), children) << entry.path;
      }
    }
  }
}

}  // namespace
}  // namespace strata::backend
