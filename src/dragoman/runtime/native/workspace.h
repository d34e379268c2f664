// The activations of one group, reused from group to group.

#pragma once

#include <memory>
#include <vector>

#include "kernels.h"
#include "memory.h"
#include "shape.h"

namespace dragoman {

struct QuantizedArray {
    Array<int8_t> tiles;
    Array<float> scale;
    int depth = 0;

    QuantizedArray() = default;
    QuantizedArray(Arena& arena, int rows, int columns)
        : tiles(arena, size_t(rows) * columns), scale(arena, rows), depth(columns / kTileDepth) {}
    QuantizedRows view() const { return {tiles.get(), scale.get(), depth}; }
};

struct Workspace {
    int rows = 0;                          // room, a multiple of 32
    int longest = 0;                       // room for one text's attention
    int wave = 0;                          // chunks of wide activations at once
    size_t panel = 0;                      // numbers from a panel of activations to the next
    Array<float> hidden;                   // [row_stride / 32, rows, 32]
    QuantizedArray hidden_bytes;
    int heads = 0;                         // so many at once are mixed and attended to
    Array<uint16_t> mixed;                 // [3, heads, head_columns / 32, rows, 32]
    Array<uint16_t> attended;              // [attended_stride / 32, rows, 32]
    QuantizedArray attended_bytes;
    Array<uint16_t> wide;                  // [wave, chunk_stride / 32, rows, 32]
    std::vector<QuantizedArray> wide_bytes;
    std::vector<Array<char>> scratch;      // of each member of the team
    std::unique_ptr<Arena> arena;

    void make_room(const Shape& shape, int needed_rows, int needed_longest, int members, int needed_wave);

    Panels<float> hidden_rows() const { return {hidden.get(), panel}; }
    Panels<uint16_t> attended_rows() const { return {attended.get(), panel}; }
    Panels<uint16_t> wide_rows(const Shape& shape, int chunk) const {
        return {wide.get() + chunk * (shape.chunk_stride() / kPanelColumns) * panel, panel};
    }
};

}  // namespace dragoman
