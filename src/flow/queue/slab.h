// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace postrider {

// Objects of one type in chunks, with a free list: no allocator header per object and pointers that stay. One
// thread. Everything must have been freed, or be trivially forgotten, before the slab goes.
template <class T, std::size_t chunk_size = 1024>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  template <class... Args>
  T* make(Args&&... args) {
    if (!free_) grow();
    Cell* cell = std::exchange(free_, free_->next);
    ++count_;
    return ::new (static_cast<void*>(cell->space)) T(std::forward<Args>(args)...);
  }
  void free(T* object) {
    object->~T();
    free_ = ::new (static_cast<void*>(object)) Cell{.next = free_};
    --count_;
  }
  std::size_t count() const { return count_; }
  std::size_t bytes() const { return chunks_.size() * chunk_size * sizeof(Cell); }

 private:
  union Cell {
    Cell* next;
    alignas(T) std::byte space[sizeof(T)];
  };
  void grow() {
    chunks_.push_back(std::make_unique<Cell[]>(chunk_size));
    for (std::size_t i = chunk_size; i > 0; --i) {
      chunks_.back()[i - 1].next = free_;
      free_ = &chunks_.back()[i - 1];
    }
  }
  std::vector<std::unique_ptr<Cell[]>> chunks_;
  Cell* free_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace postrider
