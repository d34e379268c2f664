// How a batch is cut into groups of whole texts, and how many threads work on each.

#pragma once

#include <cstdint>
#include <vector>

namespace dragoman {

struct Text {
    int64_t first;  // packed index of its first token
    int length;
};

struct Group {
    std::vector<Text> texts;
    int rows = 0;
};

struct Plan {
    std::vector<Group> groups;  // largest first
    int teams = 1;              // each takes one group after the other
    int team_size = 1;
};

Plan planned(const std::vector<Text>& texts, int threads);

}  // namespace dragoman
