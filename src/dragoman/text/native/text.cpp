// What is counted of every text that is answered: small loops over its characters, which the interpreter is slow at.
//
// Each function does what a function of the package does in numpy or in plain Python, which says why; tests compare
// them. Texts are code points [length], or UTF-8 where it says bytes.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "half.h"

#define DRAGOMAN_PUBLIC extern "C" __attribute__((visibility("default")))

namespace {

constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15ull;
constexpr int kLongestGram = 4;
constexpr size_t kAhead = 8;  // rows lie anywhere in tens of megabytes: they are asked for before their turn
constexpr int kLineHalves = 32;

inline void prefetch(const uint16_t* row, int64_t classes) {
    for (int64_t column = 0; column < classes; column += kLineHalves) __builtin_prefetch(row + column);
}

}  // namespace

// text/script.py: counts[table[c]]++; the last entry of the table stands for all code points above.
DRAGOMAN_PUBLIC void dragoman_count_scripts(
    const uint32_t* text, int64_t length, const uint8_t* table, int64_t entries, int64_t* counts) {
    for (int64_t place = 0; place < length; place++)
        counts[table[std::min<int64_t>(text[place], entries - 1)]]++;
}

// text/grams.py, then the sum of the rows `weights[gram]`, each of `classes` halves. There are 2^(64 - shift) rows.
// A space is no gram by itself.
DRAGOMAN_PUBLIC void dragoman_gram_evidence(
    const uint32_t* text, int64_t length, const uint16_t* weights, int shift, int64_t classes, float* sums) {
    for (int64_t first = 0; first < length; first++) {
        uint64_t hash = 0;
        const int64_t end = std::min<int64_t>(first + kLongestGram, length);
        for (int64_t place = first; place < end; place++) {
            hash = (hash + text[place]) * kMultiplier;
            if (place == first && text[place] == ' ') continue;
            dragoman::add_halves(weights + (hash >> shift) * classes, 1.0f, classes, sums);
        }
    }
}

// A walk of an automaton over bytes: `states[rows[state] + byte]` is the next state, `features[state]` what was found
// there, or -1. Adds log(1 + times found) of the row of each feature, of `classes` halves. Returns how many were found.
DRAGOMAN_PUBLIC int64_t dragoman_walk_evidence(
    const uint8_t* bytes, int64_t length, const uint32_t* states, const int32_t* rows, const int32_t* features,
    const uint16_t* weights, int64_t classes, float* sums) {
    static thread_local std::vector<int32_t> found;
    found.clear();
    uint32_t state = 0;
    for (int64_t place = 0; place < length; place++) {
        state = states[rows[state] + bytes[place]];
        if (features[state] >= 0) found.push_back(features[state]);
    }
    std::sort(found.begin(), found.end());
    for (size_t first = 0, next; first < found.size(); first = next) {
        if (first + kAhead < found.size()) prefetch(weights + found[first + kAhead] * classes, classes);
        for (next = first + 1; next < found.size() && found[next] == found[first];) next++;
        dragoman::add_halves(weights + found[first] * classes, std::log1p(float(next - first)), classes, sums);
    }
    return int64_t(found.size());
}
