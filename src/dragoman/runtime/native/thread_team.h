// Threads that wait for work without using the processor, and teams of them that meet at barriers.

#pragma once

#include <immintrin.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dragoman {

// Some threads that work on one group of texts together. Each stage ends at `meet`.
class Team {
public:
    explicit Team(int size) : size_(size) {}

    int size() const { return size_; }

    // Returns when every member has called it. All that they wrote before is visible to all afterwards.
    void meet() {
        if (size_ == 1) return;
        const int round = round_.load(std::memory_order_relaxed);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
            arrived_.store(0, std::memory_order_relaxed);
            round_.store(round + 1, std::memory_order_release);
            return;
        }
        for (int turn = 0; round_.load(std::memory_order_acquire) == round; turn++)
            turn < kSpins ? _mm_pause() : std::this_thread::yield();
    }

private:
    static constexpr int kSpins = 4000;  // a stage of a team takes some ten microseconds

    const int size_;
    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<int> round_{0};
};

// `threads - 1` threads that sleep between calls of `run`; the caller is the remaining one.
class ThreadPool {
public:
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;

    int threads() const { return int(workers_.size()) + 1; }

    // Calls work(0) .. work(count - 1), each on a thread of its own, and returns when all are done.
    void run(int count, const std::function<void(int)>& work);

private:
    void serve(int number);
    bool wait_for_round(int& seen);
    void wait_until_done();
    void stop();

    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable woken_, done_;
    std::atomic<int> round_{0};
    std::atomic<int> busy_{0};
    std::atomic<bool> stopping_{false};
    int count_ = 0;
    const std::function<void(int)>* work_ = nullptr;
};

}  // namespace dragoman
