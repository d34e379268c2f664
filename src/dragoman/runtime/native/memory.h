// Memory for matrices, in huge pages where the system has them: a product touches hundreds of pages otherwise.

#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

namespace dragoman {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t(2) << 20;

// Memory that is handed out piece by piece and given back all at once: many matrices share a few huge pages.
class Arena {
public:
    // A piece begins at a page of 4 KiB if it is that large.
    void* take(size_t bytes) {
        const size_t unit = bytes >= kPage ? kPage : kCacheLine;
        used_ = (used_ + unit - 1) / unit * unit;
        if (blocks_.empty() || used_ + bytes > room_) add_block(bytes);
        void* piece = blocks_.back().start() + used_;
        used_ += bytes;
        return piece;
    }

private:
    // Mapped, not allocated: what is given back leaves the process at once, and its pages are zero to begin with.
    class Block {
    public:
        explicit Block(size_t bytes) : bytes_(bytes + kHugePage) {
            void* mapped = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (mapped == MAP_FAILED) throw std::bad_alloc();
            mapped_ = static_cast<char*>(mapped);
            madvise(start(), bytes, MADV_HUGEPAGE);
        }
        Block(Block&& other) noexcept : mapped_(std::exchange(other.mapped_, nullptr)), bytes_(other.bytes_) {}
        ~Block() {
            if (mapped_) munmap(mapped_, bytes_);
        }

        char* start() const {
            return mapped_ + (kHugePage - reinterpret_cast<size_t>(mapped_) % kHugePage) % kHugePage;
        }

    private:
        char* mapped_;
        size_t bytes_;
    };

    void add_block(size_t least) {
        const size_t room = (std::max(least, kBlock) + kHugePage - 1) / kHugePage * kHugePage;
        blocks_.emplace_back(room);
        room_ = room;
        used_ = 0;
    }

    static constexpr size_t kPage = 4096;
    static constexpr size_t kBlock = 2 * kHugePage;

    std::vector<Block> blocks_;
    size_t used_ = 0, room_ = 0;
};

// Zeros to begin with. Belongs to an arena, which lives longer.
template <class T>
class Array {
public:
    Array() = default;
    Array(Arena& arena, size_t count) : data_(static_cast<T*>(arena.take(count * sizeof(T)))), count_(count) {}

    T* get() const { return data_; }
    size_t count() const { return count_; }
    T& operator[](size_t index) const { return data_[index]; }

private:
    T* data_ = nullptr;
    size_t count_ = 0;
};

}  // namespace dragoman
