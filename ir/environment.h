#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace strata::ir {

// The variables of a process: one value a name, in byte order of the names. Copies share what they
// have in common: copying takes constant time, set() logarithmic time and memory. So the RUNs of a
// file, each with a variable more than the one before, take about as much as the variables alone.
class Environment {
  struct Node;
  using Link = std::shared_ptr<Node>;

 public:
  using Entry = std::pair<std::string, std::string>;
  class Iterator;

  Environment() = default;
  // Of two values for a name the last one counts.
  Environment(const std::vector<Entry>& entries);  // NOLINT(google-explicit-constructor)
  Environment(std::initializer_list<Entry> entries);

  void set(std::string name, std::string value);

  // nullptr when there is none. Valid until the next change of this.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] bool empty() const { return root_ == nullptr; }
  [[nodiscard]] std::size_t size() const;
  // Of all names and values together.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;

  bool operator==(const Environment& other) const;

 private:
  static Node& own(Link& link);
  static void update(Node& node);
  static void rotate(Link& link, Link Node::*rising, Link Node::*falling);
  static void balance(Link& link);
  static void insert(Link& link, std::shared_ptr<const Entry> entry);

  Link root_;
};

// Goes through the entries in order.
class Environment::Iterator {
 public:
  using value_type = Entry;
  using reference = const Entry&;
  using pointer = const Entry*;
  using difference_type = std::ptrdiff_t;
  using iterator_category = std::input_iterator_tag;

  reference operator*() const;
  pointer operator->() const { return &**this; }
  Iterator& operator++();
  Iterator operator++(int);
  bool operator==(const Iterator& other) const = default;

 private:
  friend class Environment;
  void descend(const Node* node);

  // The current node, and above it those whose turn is after it.
  std::vector<const Node*> open_;
};

}  // namespace strata::ir
