#include "model.h"

#include <algorithm>
#include <cmath>

namespace dragoman {
namespace {

constexpr float kLog2OfE = 1.44269504f;

Array<float> padded_rows(Arena& arena, const float* from, int rows, int columns, int stride) {
    Array<float> to(arena, size_t(rows) * stride);
    for (int row = 0; row < rows; row++)
        std::copy_n(from + size_t(row) * columns, columns, to.get() + size_t(row) * stride);
    return to;
}

int itself(int place) { return place; }

float unchanged(int) { return 1.0f; }

}  // namespace

Model::Model(const Shape& shape, const Kernels& kernels) : shape(shape), kernels(kernels), layers(shape.layers) {}

void Model::set_embeddings(
    const int8_t* words, const float* word_scale, const float* positions, const float* types,
    const float* norm_weight, const float* norm_bias) {
    positions_ = padded_rows(arena_, positions, shape.positions, shape.hidden, shape.row_stride());
    types_ = padded_rows(arena_, types, shape.token_types, shape.hidden, shape.row_stride());
    tables = {words, word_scale, positions_.get(), types_.get(), shape.hidden, shape.row_stride()};
    embedding_norm = padded(norm_weight, norm_bias);
}

void Model::set_layer(int number, const PlainLayer& plain) {
    Layer& layer = layers[number];
    layer.mix = packed_mix(plain.mix);
    layer.attended = packed_attended(plain.attended);
    layer.attended_norm = padded(plain.attended_norm_weight, plain.attended_norm_bias);
    layer.output_norm = padded(plain.output_norm_weight, plain.output_norm_bias);
    layer.widen.clear();
    layer.narrow.clear();
    for (int chunk = 0; chunk < shape.chunks(); chunk++) {
        const int columns = shape.chunk_columns(chunk), start = chunk * kChunkColumns;
        const Place from_start = [start](int place) { return start + place; };
        layer.widen.push_back(packed(arena_, plain.widen, columns, from_start, shape.hidden, itself, unchanged));
        PlainWeights part = plain.narrow;
        if (chunk > 0) part.bias = nullptr;  // the chunks' results are added up
        layer.narrow.push_back(packed(arena_, part, shape.hidden, itself, columns, from_start, unchanged));
    }
}

Norm Model::padded(const float* weight, const float* bias) {
    return {padded_rows(arena_, weight, 1, shape.hidden, shape.row_stride()),
            padded_rows(arena_, bias, 1, shape.hidden, shape.row_stride())};
}

// Heads are padded to whole steps of tile products; values stand in the order that the attention kernel wants; queries
// are scaled so that a softmax in base 2 follows.
PackedWeights Model::packed_mix(const PlainWeights& plain) {
    const int size = shape.head_size(), columns = shape.head_columns(), part = shape.attended();
    const auto output_at = [&](int place) {
        const int which = place / part, head = place % part / columns;
        int column = place % columns;
        if (which == 2) column = column / 32 * 32 + kernels.value_column(column % 32);
        return column < size ? which * shape.hidden + head * size + column : -1;
    };
    const float query_factor = kLog2OfE / std::sqrt(float(size));
    const auto factor = [&](int place) { return place < part ? query_factor : 1.0f; };
    return packed(arena_, plain, 3 * part, output_at, shape.hidden, itself, factor);
}

PackedWeights Model::packed_attended(const PlainWeights& plain) {
    const int size = shape.head_size(), columns = shape.head_columns();
    const auto input_at = [&](int place) {
        return place % columns < size ? place / columns * size + place % columns : -1;
    };
    return packed(arena_, plain, shape.hidden, itself, shape.attended(), input_at, unchanged);
}

}  // namespace dragoman
