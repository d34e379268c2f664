// A model with its threads: runs one batch on all of them, or two at the same time on a half each.

#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "forward.h"

namespace dragoman {

enum class Part { left = 0, right = 1, whole = 2 };

class Engine {
public:
    Engine(const Shape& shape, const Kernels& kernels, int threads);

    // Waits until its part is free. One thread alone has no halves: then every part is the whole.
    void run(const std::vector<Text>& texts, const Inputs& inputs, Part part);
    Profile take_profile();

    Model model;

private:
    // What one run uses of the engine. The whole has the workspaces of both halves, and waits for both.
    struct Half {
        std::mutex mutex;
        std::vector<Workspace> spaces;
        std::vector<Profile> profiles;
    };

    void run_on(
        ThreadPool& pool, const std::vector<Half*>& halves, const std::vector<Text>& texts, const Inputs& inputs);

    std::array<Half, 2> halves_;
    std::array<std::unique_ptr<ThreadPool>, 3> pools_;  // of each part
};

}  // namespace dragoman
