// An encoder's weights, packed for the kernels.

#pragma once

#include <vector>

#include "kernels.h"
#include "packing.h"
#include "shape.h"

namespace dragoman {

struct Norm {
    Array<float> weight, bias;
};

struct Layer {
    PackedWeights mix;                  // query, key and value of all heads side by side
    PackedWeights attended;             // attention.output.dense
    Norm attended_norm;
    std::vector<PackedWeights> widen;   // intermediate.dense, cut into chunks of outputs
    std::vector<PackedWeights> narrow;  // output.dense, cut into the same chunks of inputs
    Norm output_norm;
};

// The arrays of one layer as they lie in the file.
struct PlainLayer {
    PlainWeights mix, attended, widen, narrow;
    const float *attended_norm_weight, *attended_norm_bias, *output_norm_weight, *output_norm_bias;
};

class Model {
public:
    Model(const Shape& shape, const Kernels& kernels);

    // The word table is not copied: it stays where it is mapped, and one table may serve many models.
    void set_embeddings(
        const int8_t* words, const float* word_scale, const float* positions, const float* types,
        const float* norm_weight, const float* norm_bias);
    void set_layer(int number, const PlainLayer& plain);

    const Shape shape;
    const Kernels& kernels;
    EmbeddingTables tables;
    Norm embedding_norm;
    std::vector<Layer> layers;

    NormWeights view(const Norm& norm) const {
        return {norm.weight.get(), norm.bias.get(), shape.norm_epsilon, shape.hidden};
    }

private:
    Norm padded(const float* weight, const float* bias);
    PackedWeights packed_mix(const PlainWeights& plain);
    PackedWeights packed_attended(const PlainWeights& plain);

    Arena arena_;
    Array<float> positions_, types_;
};

}  // namespace dragoman
