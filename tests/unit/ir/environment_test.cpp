// Environments: what they hold, and that copies share without seeing each other's changes.
#include "ir/environment.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace strata::ir {
namespace {

using Entries = std::vector<Environment::Entry>;

Entries entries_of(const Environment& environment) {
  return {environment.begin(), environment.end()};
}

TEST(Environment, HasOneValueANameInByteOrder) {
  Environment environment = {{"B", "1"}, {"A", "1"}, {"B", "2"}, {"a", "3"}};
  EXPECT_EQ(entries_of(environment), (Entries{{"A", "1"}, {"B", "2"}, {"a", "3"}}));
  EXPECT_EQ(environment.size(), 3U);
  EXPECT_EQ(environment.bytes(), 6U);
  EXPECT_EQ(*environment.find("B"), "2");
  EXPECT_EQ(environment.find("C"), nullptr);
  EXPECT_TRUE(Environment().empty());
  EXPECT_EQ(Environment().begin(), Environment().end());
}

TEST(Environment, IsEqualWhateverTheOrderOfItsChanges) {
  Environment first = {{"A", "1"}, {"B", "2"}, {"C", "3"}};
  Environment second = {{"C", "x"}, {"B", "2"}, {"A", "1"}, {"C", "3"}};
  EXPECT_EQ(first, second);
  second.set("C", "4");
  EXPECT_FALSE(first == second);
  EXPECT_FALSE(first == Environment());
}

// Every copy stays as it was, whatever is done to those that it shares its parts with.
TEST(Environment, CopiesNeverSeeEachOthersChanges) {
  std::mt19937 random(7);
  std::map<std::string, std::string> model;
  Environment environment;
  std::vector<std::pair<std::map<std::string, std::string>, Environment>> copies;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "N" + std::to_string(random() % 500);
    model[name] = std::to_string(i);
    environment.set(name, std::to_string(i));
    if (random() % 10 == 0) {
      copies.emplace_back(model, environment);
    }
    if (random() % 50 == 0) {
      // Another branch of the same chain.
      model = copies[random() % copies.size()].first;
      environment = Entries(model.begin(), model.end());
      Environment branch = copies.back().second;
      branch.set("BRANCH", "");
    }
  }
  for (const auto& [expected, copy] : copies) {
    EXPECT_EQ(entries_of(copy), Entries(expected.begin(), expected.end()));
    std::size_t bytes = 0;
    for (const auto& [name, value] : expected) {
      bytes += name.size() + value.size();
    }
    EXPECT_EQ(copy.bytes(), bytes);
  }
}

// Names that come sorted make no list of it: a million look-ups and copies take no time worth a
// test of its own, and the iterator's stack stays short.
TEST(Environment, StaysBalanced) {
  Environment environment;
  for (int i = 0; i < 100000; ++i) {
    environment.set("N" + std::to_string(1000000 + i), "");
  }
  EXPECT_EQ(environment.size(), 100000U);
  EXPECT_EQ(environment.begin()->first, "N1000000");
  EXPECT_NE(environment.find("N1099999"), nullptr);
}

}  // namespace
}  // namespace strata::ir
