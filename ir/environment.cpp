// Environments as persistent AVL trees: a change copies the nodes on its way that others share.
#include "ir/environment.h"

#include <algorithm>
#include <cstdint>

namespace strata::ir {

struct Environment::Node {
  std::shared_ptr<const Entry> entry;
  Link left;
  Link right;
  std::uint32_t height = 1;
  std::size_t size = 1;
  std::size_t bytes = 0;

  [[nodiscard]] static std::uint32_t height_of(const Link& link) {
    return link == nullptr ? 0 : link->height;
  }
};

Environment::Environment(const std::vector<Entry>& entries) {
  for (const auto& [name, value] : entries) {
    set(name, value);
  }
}

Environment::Environment(std::initializer_list<Entry> entries)
    : Environment(std::vector<Entry>(entries)) {}

// The node, which nobody else has a part in afterwards.
Environment::Node& Environment::own(Link& link) {
  if (link.use_count() != 1) {
    link = std::make_shared<Node>(*link);
  }
  return *link;
}

void Environment::update(Node& node) {
  node.height = 1 + std::max(Node::height_of(node.left), Node::height_of(node.right));
  node.size = 1;
  node.bytes = node.entry->first.size() + node.entry->second.size();
  for (const Link* child : {&node.left, &node.right}) {
    if (*child != nullptr) {
      node.size += (*child)->size;
      node.bytes += (*child)->bytes;
    }
  }
}

// The child `rising` takes the place of the node, which becomes that one's child `falling`. The
// node must be owned.
void Environment::rotate(Link& link, Link Node::*rising, Link Node::*falling) {
  Link up = std::move((*link).*rising);
  own(up);
  (*link).*rising = std::move((*up).*falling);
  update(*link);
  (*up).*falling = std::move(link);
  update(*up);
  link = std::move(up);
}

// Restores that the subtrees' heights differ by one at most, after one of them grew.
void Environment::balance(Link& link) {
  const auto lean = [](const Node& node, Link Node::*high, Link Node::*low) {
    return Node::height_of(node.*high) > Node::height_of(node.*low);
  };
  for (const auto& [high, low] :
       {std::pair(&Node::left, &Node::right), std::pair(&Node::right, &Node::left)}) {
    if (Node::height_of((*link).*high) > Node::height_of((*link).*low) + 1) {
      own((*link).*high);
      if (lean(*((*link).*high), low, high)) {
        rotate((*link).*high, low, high);
      }
      rotate(link, high, low);
      return;
    }
  }
}

void Environment::insert(Link& link, std::shared_ptr<const Entry> entry) {
  if (link == nullptr) {
    link = std::make_shared<Node>();
    link->entry = std::move(entry);
    update(*link);
    return;
  }
  Node& node = own(link);
  const int order = entry->first.compare(node.entry->first);
  if (order == 0) {
    node.entry = std::move(entry);
  } else {
    insert(order < 0 ? node.left : node.right, std::move(entry));
  }
  update(node);
  balance(link);
}

void Environment::set(std::string name, std::string value) {
  insert(root_, std::make_shared<const Entry>(std::move(name), std::move(value)));
}

const std::string* Environment::find(std::string_view name) const {
  for (const Node* node = root_.get(); node != nullptr;) {
    const int order = name.compare(node->entry->first);
    if (order == 0) {
      return &node->entry->second;
    }
    node = (order < 0 ? node->left : node->right).get();
  }
  return nullptr;
}

std::size_t Environment::size() const { return root_ == nullptr ? 0 : root_->size; }
std::size_t Environment::bytes() const { return root_ == nullptr ? 0 : root_->bytes; }

Environment::Iterator Environment::begin() const {
  Iterator iterator;
  iterator.descend(root_.get());
  return iterator;
}

Environment::Iterator Environment::end() const { return {}; }

bool Environment::operator==(const Environment& other) const {
  return root_ == other.root_ || (size() == other.size() && bytes() == other.bytes() &&
                                  std::equal(begin(), end(), other.begin()));
}

void Environment::Iterator::descend(const Node* node) {
  for (; node != nullptr; node = node->left.get()) {
    open_.push_back(node);
  }
}

Environment::Iterator::reference Environment::Iterator::operator*() const {
  return *open_.back()->entry;
}

Environment::Iterator& Environment::Iterator::operator++() {
  const Node* node = open_.back();
  open_.pop_back();
  descend(node->right.get());
  return *this;
}

Environment::Iterator Environment::Iterator::operator++(int) {
  Iterator before = *this;
  ++*this;
  return before;
}

}  // namespace strata::ir
