// The numbers that describe an encoder, as Python gives them, and the sizes that follow from them.

#pragma once

#include "layout.h"

namespace dragoman {

struct Shape {
    int32_t vocabulary, hidden, layers, heads, intermediate, positions, token_types;
    int32_t activation;  // Activation
    float norm_epsilon;

    int head_size() const { return hidden / heads; }
    int head_columns() const { return rounded_up(head_size(), kHeadColumns); }
    int attended() const { return heads * head_columns(); }          // columns of all heads
    int row_stride() const { return rounded_up(hidden, kTileDepth); }
    int attended_stride() const { return rounded_up(attended(), kTileDepth); }
    int chunks() const { return parts_of(intermediate, kChunkColumns); }
    int chunk_columns(int chunk) const {
        const int left = intermediate - chunk * kChunkColumns;
        return left < kChunkColumns ? left : kChunkColumns;
    }
    int chunk_stride() const {
        return rounded_up(intermediate < kChunkColumns ? intermediate : kChunkColumns, kTileDepth);
    }
};

}  // namespace dragoman
