#include "rate.h"

#include <atomic>
#include <chrono>

#include "packing.h"
#include "thread_team.h"
#include "workspace.h"

namespace dragoman {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kOperationsAtOnce = 1e8;  // some ten microseconds: reading the clock would count otherwise

// Numbers like those of a model: on zeros the processor draws less power and runs faster than it ever does in earnest.
void fill(const Array<int8_t>& array, uint32_t state) {
    for (size_t index = 0; index < array.count(); index++) {
        state = state * 1664525u + 1013904223u;
        array[index] = int8_t(int32_t(state) >> 25);
    }
}

struct Operands {
    Arena arena;
    QuantizedArray input;
    PackedWeights weights;

    Operands(int rows, int inputs, int outputs)
        : input(arena, rounded_up(rows, kStripRows), rounded_up(inputs, kTileDepth)) {
        weights.panels = parts_of(outputs, kPanelColumns);
        weights.depth = parts_of(inputs, kTileDepth);
        weights.tiles = Array<int8_t>(arena, weights.bytes());
        weights.scale = Array<float>(arena, weights.panels * kPanelColumns);
        weights.bias = Array<float>(arena, weights.panels * kPanelColumns);
        weights.shift = Array<int32_t>(arena, weights.panels * kPanelColumns);
        fill(input.tiles, 1);
        fill(weights.tiles, 2);
    }

    Product product(int rows) const {
        Product product;
        product.input = input.view();
        product.weights = weights.view();
        product.rows = rows;
        product.end_strip = parts_of(rows, kStripRows);
        product.end_panel = weights.panels;
        return product;
    }
};

}  // namespace

double int8_rate(const Kernels& kernels, int threads, int rows, int inputs, int outputs, double seconds) {
    ThreadPool pool(threads);
    std::vector<std::unique_ptr<Operands>> operands;
    for (int thread = 0; thread < threads; thread++)
        operands.push_back(std::make_unique<Operands>(rows, inputs, outputs));
    std::atomic<int64_t> products{0};
    const double operations = 2.0 * rows * inputs * outputs;
    const int64_t at_once = int64_t(kOperationsAtOnce / operations) + 1;
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    pool.run(threads, [&](int thread) {
        kernels.begin();
        const Product product = operands[thread]->product(rows);
        while (Clock::now() < end) {
            for (int64_t time = 0; time < at_once; time++) kernels.multiply_only(product);
            products += at_once;
        }
        kernels.end();
    });
    const std::chrono::duration<double> passed = Clock::now() - start;
    return operations * double(products) / passed.count();
}

}  // namespace dragoman
