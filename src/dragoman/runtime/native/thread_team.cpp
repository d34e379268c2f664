#include "thread_team.h"

#include <sys/resource.h>

namespace dragoman {
namespace {

constexpr int kNiceness = 5;
constexpr int kSpins = 1000;  // about 40 microseconds: the next batch often comes at once

}  // namespace

ThreadPool::ThreadPool(int threads) {
    try {
        for (int number = 1; number < threads; number++) workers_.emplace_back([this, number] { serve(number); });
    } catch (...) {  // the system has no more threads: those that started must not outlive the pool
        stop();
        throw;
    }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
    {
        std::lock_guard<std::mutex> hold(mutex_);
        stopping_ = true;
        round_++;
    }
    woken_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(int count, const std::function<void(int)>& work) {
    if (count > 1) {
        std::lock_guard<std::mutex> hold(mutex_);
        count_ = count;
        work_ = &work;
        busy_ = int(workers_.size());
        round_++;
    }
    if (count > 1) woken_.notify_all();
    work(0);
    if (count <= 1) return;
    wait_until_done();
}

void ThreadPool::wait_until_done() {
    for (int turn = 0; turn < kSpins; turn++) {
        if (busy_.load(std::memory_order_acquire) == 0) return;
        _mm_pause();
    }
    std::unique_lock<std::mutex> hold(mutex_);
    done_.wait(hold, [&] { return busy_ == 0; });
}

bool ThreadPool::wait_for_round(int& seen) {
    for (int turn = 0; turn < kSpins && round_.load(std::memory_order_acquire) == seen; turn++) _mm_pause();
    std::unique_lock<std::mutex> hold(mutex_);
    woken_.wait(hold, [&] { return round_ != seen; });
    seen = round_;
    return !stopping_;
}

void ThreadPool::serve(int number) {
    // Whoever reads requests goes first: it needs little, and nothing comes to compute while it waits.
    setpriority(PRIO_PROCESS, 0, kNiceness);
    for (int seen = 0; wait_for_round(seen);) {
        if (number < count_) (*work_)(number);
        if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            std::lock_guard<std::mutex> hold(mutex_);
            done_.notify_one();
        }
    }
}

}  // namespace dragoman
