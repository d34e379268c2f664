#include "engine.h"

#include <algorithm>
#include <atomic>

namespace dragoman {

void Engine::make_room(const Plan& plan) {
    int rows = 0, longest = 0;
    for (const Group& group : plan.groups) {
        rows = std::max(rows, group.rows);
        longest = std::max(longest, group.texts.front().length);
    }
    if (int(spaces_.size()) < plan.teams) spaces_.resize(plan.teams);
    profiles_.resize(spaces_.size());
    const int wave = plan.team_size > 1 ? model.shape.chunks() : 1;
    for (int team = 0; team < plan.teams; team++)
        spaces_[team].make_room(model.shape, rows, longest, plan.team_size, wave);
}

void Engine::run(const std::vector<Text>& texts, const Inputs& inputs) {
    std::lock_guard<std::mutex> hold(mutex_);
    const Plan plan = planned(texts, pool_.threads());
    make_room(plan);
    std::vector<std::unique_ptr<Team>> teams;
    for (int team = 0; team < plan.teams; team++) teams.push_back(std::make_unique<Team>(plan.team_size));
    // The groups that nobody has taken yet. A team's members take the same one.
    std::atomic<size_t> taken{0};
    std::vector<size_t> current(plan.teams);
    pool_.run(plan.teams * plan.team_size, [&](int thread) {
        const int number = thread / plan.team_size, member = thread % plan.team_size;
        Team& team = *teams[number];
        model.kernels.begin();
        for (;;) {
            if (member == 0) current[number] = taken++;
            team.meet();
            const size_t group = current[number];
            if (group >= plan.groups.size()) break;
            Forward(model, spaces_[number], team, member, profiles_[number]).run(plan.groups[group], inputs);
        }
        model.kernels.end();
    });
}

Profile Engine::take_profile() {
    std::lock_guard<std::mutex> hold(mutex_);
    Profile sum;
    for (Profile& one : profiles_) {
        for (size_t stage = 0; stage < sum.ticks.size(); stage++) sum.ticks[stage] += one.ticks[stage];
        one = Profile();
    }
    return sum;
}

}  // namespace dragoman
