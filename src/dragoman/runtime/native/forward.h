// The forward pass of one group of texts by one team.

#pragma once

#include <array>
#include <cstdint>

#include "grouping.h"
#include "model.h"
#include "thread_team.h"
#include "workspace.h"

namespace dragoman {

// Time-stamp counts per stage of one team's first member.
struct Profile {
    enum Stage {
        embedding, mixing, attending, projecting, normalizing, widening, quantizing, narrowing, output, stages
    };
    std::array<uint64_t, stages> ticks{};
};

struct Inputs {
    const int64_t *words, *positions, *types;  // [tokens]
    float* out;                                // [tokens, hidden]
};

// A member's view of the pass. All members make the same calls; each does its share of every stage.
class Forward {
public:
    Forward(const Model& model, const Workspace& space, Team& team, int member, Profile& profile)
        : model_(model), shape_(model.shape), kernels_(model.kernels), space_(space), team_(team), member_(member),
          profile_(profile), clock_(__builtin_ia32_rdtsc()) {}

    void run(const Group& group, const Inputs& inputs);

private:
    void embed(const Group& group, const Inputs& inputs);
    void layer(int number, const Group& group);
    void mix(const Layer& layer, RowRange heads);
    void attend(const Group& group, RowRange heads);
    void project(const Layer& layer);
    void widen(const Layer& layer, int wave);
    void narrow(const Layer& layer, int wave, const Layer* next);
    void normalize(const Norm& norm);
    void give(const Group& group, const Inputs& inputs);

    RowRange share_of(int count) const;
    Weights part_of(const Layer& layer, int which, RowRange heads) const;
    Product product(const QuantizedRows& input, const Weights& weights, const Weights& next) const;
    QuantizedRows wide_bytes(const Layer& layer, int chunk, int wave) const;
    Product to_hidden(const QuantizedRows& input, const Weights& weights, const Weights& next) const;
    void ends_stage(Profile::Stage stage);

    const Model& model_;
    const Shape& shape_;
    const Kernels& kernels_;
    const Workspace& space_;
    Team& team_;
    const int member_;
    Profile& profile_;
    uint64_t clock_;
    int rows_ = 0;
};

}  // namespace dragoman
