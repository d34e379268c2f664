#include "engine.h"

#include <algorithm>
#include <atomic>

namespace dragoman {
namespace {

void make_room(const Plan& plan, const Shape& shape, const std::vector<Workspace*>& spaces) {
    int rows = 0, longest = 0;
    for (const Group& group : plan.groups) {
        rows = std::max(rows, group.rows);
        longest = std::max(longest, group.texts.front().length);
    }
    const int wave = plan.team_size > 1 ? shape.chunks() : 1;
    for (Workspace* space : spaces) space->make_room(shape, rows, longest, plan.team_size, wave);
}

}  // namespace

Engine::Engine(const Shape& shape, const Kernels& kernels, int threads) : model(shape, kernels) {
    const int right = threads / 2, left = threads - right;
    const std::array<int, 3> sizes{left, right, threads};
    for (size_t part = 0; part < sizes.size(); part++)
        if (sizes[part]) pools_[part] = std::make_unique<ThreadPool>(sizes[part]);
    halves_[0].spaces.resize(left);
    halves_[1].spaces.resize(right);
    for (Half& half : halves_) half.profiles.resize(half.spaces.size());
}

void Engine::run(const std::vector<Text>& texts, const Inputs& inputs, Part part) {
    if (part == Part::whole || !pools_[1]) {
        std::scoped_lock hold(halves_[0].mutex, halves_[1].mutex);
        run_on(*pools_[2], {&halves_[0], &halves_[1]}, texts, inputs);
    } else {
        std::lock_guard<std::mutex> hold(halves_[int(part)].mutex);
        run_on(*pools_[int(part)], {&halves_[int(part)]}, texts, inputs);
    }
}

void Engine::run_on(
    ThreadPool& pool, const std::vector<Half*>& halves, const std::vector<Text>& texts, const Inputs& inputs) {
    const Plan plan = planned(texts, pool.threads());
    std::vector<Workspace*> spaces;
    std::vector<Profile*> profiles;
    for (Half* half : halves)
        for (size_t place = 0; place < half->spaces.size() && int(spaces.size()) < plan.teams; place++) {
            spaces.push_back(&half->spaces[place]);
            profiles.push_back(&half->profiles[place]);
        }
    make_room(plan, model.shape, spaces);
    std::vector<std::unique_ptr<Team>> teams;
    for (int team = 0; team < plan.teams; team++) teams.push_back(std::make_unique<Team>(plan.team_size));
    // The groups that nobody has taken yet. A team's members take the same one.
    std::atomic<size_t> taken{0};
    std::vector<size_t> current(plan.teams);
    pool.run(plan.teams * plan.team_size, [&](int thread) {
        const int number = thread / plan.team_size, member = thread % plan.team_size;
        Team& team = *teams[number];
        model.kernels.begin();
        for (;;) {
            if (member == 0) current[number] = taken++;
            team.meet();
            const size_t group = current[number];
            if (group >= plan.groups.size()) break;
            Forward(model, *spaces[number], team, member, *profiles[number]).run(plan.groups[group], inputs);
        }
        model.kernels.end();
    });
}

Profile Engine::take_profile() {
    std::scoped_lock hold(halves_[0].mutex, halves_[1].mutex);
    Profile sum;
    for (Half& half : halves_)
        for (Profile& one : half.profiles) {
            for (size_t stage = 0; stage < sum.ticks.size(); stage++) sum.ticks[stage] += one.ticks[stage];
            one = Profile();
        }
    return sum;
}

}  // namespace dragoman
