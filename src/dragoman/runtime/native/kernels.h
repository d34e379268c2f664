// The arithmetic of one instruction set, as a table of functions. The engine knows only this table.

#pragma once

#include "layout.h"

namespace dragoman {

enum class Activation : int { gelu = 0, gelu_tanh = 1, relu = 2 };

// out[row, column] (+)= rows x weights, for some strips of rows and some panels of columns.
struct Product {
    QuantizedRows input;
    Weights weights;
    int rows = 0;                        // rows in all; the last strip may have fewer than 32
    int first_strip = 0, end_strip = 0;
    int first_panel = 0, end_panel = 0;
    void* out = nullptr;                 // panels of float for `add`, else of bfloat16
    size_t out_stride = 0;               // numbers from a panel to the next
    const int8_t* ahead = nullptr;       // weights that the next product needs: fetched into the cache meanwhile
    size_t ahead_bytes = 0;
};

struct RowRange {
    int first = 0, end = 0;
};

struct NormWeights {
    const float* weight = nullptr;       // zero past the hidden size
    const float* bias = nullptr;
    float epsilon = 0;
    int hidden = 0;
};

struct EmbeddingTables {
    const int8_t* words = nullptr;       // [vocabulary, hidden]
    const float* word_scale = nullptr;   // [vocabulary]
    const float* positions = nullptr;    // [positions, stride]
    const float* types = nullptr;        // [types, stride]
    int hidden = 0, stride = 0;
};

// Attention of one text, which has `length` rows from `first_row` on.
struct AttentionTask {
    Panels<const uint16_t> mixed;        // bfloat16: queries of all heads, already scaled, then keys, then values
    Panels<uint16_t> out;                // bfloat16: all heads
    int first_row = 0, length = 0;
    int heads = 0, head_columns = 0;     // heads in `mixed`
    int first_head = 0, end_head = 0;
    void* scratch = nullptr;             // attention_scratch_bytes(length, head_columns), 64-byte aligned

    // A row of the queries (0), keys (1) or values (2) of a head, counted from the text's first; 32 columns of it.
    const uint16_t* row(int which, int head, int number, int part) const {
        return mixed.at(first_row + number, (which * heads + head) * (head_columns / kPanelColumns) + part);
    }
};

struct Kernels {
    const char* name;
    int8_t flip;                         // XORed into each activation: 0 for signed, -128 for unsigned products
    void (*begin)();                     // called by a thread before its first kernel
    void (*end)();
    void (*to_bfloat16)(const Product&);
    void (*add)(const Product&);
    void (*activate[3])(const Product&);
    void (*multiply_only)(const Product&);  // the sums are thrown away: for measuring
    void (*quantize)(const Panels<uint16_t>& from, RowRange, const QuantizedRows&);
    void (*normalize)(const Panels<float>& rows, RowRange, const NormWeights&, const QuantizedRows&);
    void (*embed)(
        const Panels<float>& rows, int row, int64_t word, int64_t position, int64_t type, const EmbeddingTables&);
    void (*attend)(const AttentionTask&);
    // Where the packed value column `column` of a 32-column block comes from: tile products want pairs of keys
    // interleaved, and a fixed order of columns makes that one instruction.
    int (*value_column)(int column);
};

constexpr int kBlocksAtOnce = 2;    // blocks of 16 queries that attention works on at a time,
constexpr int kKeysAtOnce = 128;    // as long as their keys are not more than these together

// Keys of all blocks at work, padded.
constexpr size_t attention_keys(int length) {
    return rounded_up(length, 32) > kKeysAtOnce ? rounded_up(length, 32) : kKeysAtOnce;
}

constexpr size_t attention_scratch_bytes(int length, int columns) {
    return attention_keys(length) * (2 * columns + 32) * 4 + size_t(kBlocksAtOnce) * 16 * (2 * columns + 1) * 4;
}

extern const Kernels kAmxKernels;
extern const Kernels kAvx512Kernels;

}  // namespace dragoman
