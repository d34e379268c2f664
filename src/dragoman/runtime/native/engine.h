// A model with its threads: runs batches, one at a time.

#pragma once

#include <memory>
#include <mutex>

#include "forward.h"

namespace dragoman {

class Engine {
public:
    Engine(const Shape& shape, const Kernels& kernels, int threads) : model(shape, kernels), pool_(threads) {}

    void run(const std::vector<Text>& texts, const Inputs& inputs);
    Profile take_profile();

    Model model;

private:
    void make_room(const Plan& plan);

    ThreadPool pool_;
    std::mutex mutex_;
    std::vector<Workspace> spaces_;
    std::vector<Profile> profiles_;
};

}  // namespace dragoman
