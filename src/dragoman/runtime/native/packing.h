// Weights as they lie in a file (row-major int8, one scale per output) become tiles.

#pragma once

#include <functional>

#include "layout.h"
#include "memory.h"

namespace dragoman {

// A row-major matrix [outputs, inputs] of int8.
struct PlainWeights {
    const int8_t* values;
    const float* scale;  // [outputs]
    const float* bias;   // [outputs], nullptr: none
    int inputs;          // distance between rows
};

struct PackedWeights {
    Array<int8_t> tiles;
    Array<float> scale, bias;
    Array<int32_t> shift;
    int panels = 0, depth = 0;

    Weights view() const { return {tiles.get(), scale.get(), bias.get(), shift.get(), panels, depth}; }
    size_t bytes() const { return size_t(panels) * 2 * depth * kTileBytes; }
};

// Which output and input of the plain matrix stand at a place of the packed one; -1 leaves zeros.
using Place = std::function<int(int)>;

// `factor` multiplies the results of an output, by its place in the packed matrix.
PackedWeights packed(
    Arena& arena, const PlainWeights& plain, int outputs, const Place& output_at, int inputs, const Place& input_at,
    const std::function<float(int)>& factor);

}  // namespace dragoman
