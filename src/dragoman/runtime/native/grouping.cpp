#include "grouping.h"

#include <algorithm>

#include "layout.h"

namespace dragoman {
namespace {

// All weights pass through the core once per group, so a group must be large enough to be worth it, and small enough
// for its activations to stay near the core.
constexpr int kGroupRows = 512;
constexpr int kLeastRows = 96;  // below this, threads share a group instead

// Best fit: each text, longest first, goes into the fullest group that has room.
std::vector<Group> fitted(const std::vector<Text>& texts, int room) {
    std::vector<Group> groups;
    for (const Text& text : texts) {
        Group* best = nullptr;
        for (Group& group : groups)
            if (group.rows + text.length <= room && (!best || group.rows > best->rows)) best = &group;
        if (!best) best = &groups.emplace_back();
        best->texts.push_back(text);
        best->rows += text.length;
    }
    return groups;
}

// Groups of equal size, as many as asked for; more only where single texts are too long.
std::vector<Group> cut(const std::vector<Text>& texts, int rows, int wanted) {
    int room = rounded_up(parts_of(rows, wanted), kTileRows);
    std::vector<Group> groups = fitted(texts, room);
    for (int tries = 0; tries < 4 && int(groups.size()) > wanted; tries++) groups = fitted(texts, room += kTileRows);
    return groups;
}

}  // namespace

Plan planned(const std::vector<Text>& texts, int threads) {
    std::vector<Text> sorted = texts;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Text& a, const Text& b) { return a.length > b.length; });
    int rows = 0;
    for (const Text& text : texts) rows += text.length;
    Plan plan;
    plan.teams = std::clamp(std::min(rows / kLeastRows, int(texts.size())), 1, threads);
    plan.team_size = threads / plan.teams;
    const int rounds = parts_of(rows, plan.teams * kGroupRows);
    plan.groups = cut(sorted, rows, rounds * plan.teams);
    std::stable_sort(
        plan.groups.begin(), plan.groups.end(), [](const Group& a, const Group& b) { return a.rows > b.rows; });
    plan.teams = std::min(plan.teams, int(plan.groups.size()));
    return plan;
}

}  // namespace dragoman
