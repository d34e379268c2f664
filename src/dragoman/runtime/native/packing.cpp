#include "packing.h"

#include <vector>

namespace dragoman {
namespace {

// Where the weight of an input stands within the tiles of its 16 outputs.
size_t place_of(int output, int input, int depth) {
    const size_t tile = size_t(output / kTileRows) * depth + input / kTileDepth;
    return tile * kTileBytes + input % kTileDepth / 4 * 64 + output % kTileRows * 4 + input % 4;
}

}  // namespace

PackedWeights packed(
    Arena& arena, const PlainWeights& plain, int outputs, const Place& output_at, int inputs, const Place& input_at,
    const std::function<float(int)>& factor) {
    PackedWeights made;
    made.panels = parts_of(outputs, kPanelColumns);
    made.depth = parts_of(inputs, kTileDepth);
    made.tiles = Array<int8_t>(arena, made.bytes());
    made.scale = Array<float>(arena, made.panels * kPanelColumns);
    made.bias = Array<float>(arena, made.panels * kPanelColumns);
    made.shift = Array<int32_t>(arena, made.panels * kPanelColumns);
    std::vector<int> sources(inputs);
    for (int input = 0; input < inputs; input++) sources[input] = input_at(input);
    for (int output = 0; output < outputs; output++) {
        const int from = output_at(output);
        if (from < 0) continue;
        const int8_t* row = plain.values + size_t(from) * plain.inputs;
        int sum = 0;
        for (int input = 0; input < inputs; input++) {
            if (sources[input] < 0) continue;
            const int8_t value = row[sources[input]];
            made.tiles[place_of(output, input, made.depth)] = value;
            sum += value;
        }
        made.shift[output] = -128 * sum;
        made.scale[output] = plain.scale[from] * factor(output);
        made.bias[output] = plain.bias ? plain.bias[from] * factor(output) : 0.0f;
    }
    return made;
}

}  // namespace dragoman
