// How numbers lie in memory. Every kernel, whatever its instruction set, reads and writes these layouts.
//
// Activations: tiles of 16 rows x 64 int8, a row of tiles after the other. 32 rows (two rows of tiles) are a strip.
// Weights: tiles of 64 inputs x 16 outputs, four inputs of one output side by side. 32 outputs are a panel.
// Both are what one AMX tile and, line by line, one 512-bit register holds.

#pragma once

#include <cstddef>
#include <cstdint>

namespace dragoman {

constexpr int kTileRows = 16;
constexpr int kTileDepth = 64;
constexpr int kTileBytes = kTileRows * kTileDepth;
constexpr int kStripRows = 32;
constexpr int kPanelColumns = 32;
constexpr int kHeadColumns = 32;     // a head is padded to a multiple of this: one step of a bf16 tile product
constexpr int kChunkColumns = 768;   // the wide activations have one scale per token and this many columns

constexpr int rounded_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }
constexpr int parts_of(int value, int part) { return (value + part - 1) / part; }

// A matrix of weights [outputs, inputs], quantised per output.
struct Weights {
    const int8_t* tiles = nullptr;
    const float* scale = nullptr;   // [32 * panels]
    const float* bias = nullptr;    // [32 * panels]
    const int32_t* shift = nullptr; // [32 * panels] -128 * the sum of an output's weights
    int panels = 0;
    int depth = 0;                  // tiles along the inputs

    size_t panel_bytes() const { return size_t(2) * depth * kTileBytes; }

    // Some of the panels.
    Weights part(int first, int count) const {
        const int output = first * kPanelColumns;
        return {tiles + first * panel_bytes(), scale + output, bias + output, shift + output, count, depth};
    }
};

// Rows quantised per row.
struct QuantizedRows {
    int8_t* tiles = nullptr;
    float* scale = nullptr;
    int depth = 0;                  // tiles along the columns

    int8_t* strip(int number) const { return tiles + size_t(number) * 2 * depth * kTileBytes; }
    int8_t* line(int row, int tile) const {
        return tiles + (size_t(row / kTileRows) * depth + tile) * kTileBytes + row % kTileRows * kTileDepth;
    }
};

// Activations between products: a panel of 32 columns holds its part of all rows, one after the other: the order
// that products write in and that the processor's prefetcher follows.
template <class Number>
struct Panels {
    Number* first = nullptr;
    size_t stride = 0;              // numbers from a panel to the next: more than those of its rows, see `Workspace`

    Number* at(int row, int panel) const { return first + panel * stride + size_t(row) * kPanelColumns; }
};

}  // namespace dragoman
