#include "forward.h"

#include <algorithm>

namespace dragoman {

void Forward::run(const Group& group, const Inputs& inputs) {
    rows_ = group.rows;
    embed(group, inputs);
    for (int number = 0; number < shape_.layers; number++) layer(number, group);
    give(group, inputs);
}

void Forward::layer(int number, const Group& group) {
    const Layer& layer = model_.layers[number];
    const Layer* next = number + 1 < shape_.layers ? &model_.layers[number + 1] : nullptr;
    for (int head = 0; head < shape_.heads; head += space_.heads) {
        const RowRange heads{head, std::min(head + space_.heads, shape_.heads)};
        mix(layer, heads);
        attend(group, heads);
    }
    project(layer);
    for (int wave = 0; wave < shape_.chunks(); wave += space_.wave) {
        widen(layer, wave);
        narrow(layer, wave, next);
    }
    normalize(layer.output_norm);
}

// This member's part of `count` things that follow each other.
RowRange Forward::share_of(int count) const {
    const int size = team_.size();
    return {int(int64_t(count) * member_ / size), int(int64_t(count) * (member_ + 1) / size)};
}

void Forward::ends_stage(Profile::Stage stage) {
    team_.meet();
    const uint64_t now = __builtin_ia32_rdtsc();
    if (member_ == 0) profile_.ticks[stage] += now - clock_;
    clock_ = now;
}

Product Forward::to_hidden(const QuantizedRows& input, const Weights& weights, const Weights& next) const {
    Product product = this->product(input, weights, next);
    product.out = space_.hidden.get();
    product.out_stride = space_.panel;
    return product;
}

// This member's panels. Its first of the next product are fetched meanwhile.
Product Forward::product(const QuantizedRows& input, const Weights& weights, const Weights& next) const {
    Product product;
    product.input = input;
    product.weights = weights;
    product.rows = rows_;
    product.end_strip = parts_of(rows_, kStripRows);
    const RowRange panels = share_of(weights.panels), coming = share_of(next.panels);
    product.first_panel = panels.first;
    product.end_panel = panels.end;
    product.ahead = next.tiles + coming.first * next.panel_bytes();
    product.ahead_bytes = coming.first < coming.end ? next.panel_bytes() : 0;
    return product;
}

// The rows that a chunk of wide activations is quantised into: the last chunk may be narrower.
QuantizedRows Forward::wide_bytes(const Layer& layer, int chunk, int wave) const {
    QuantizedRows rows = space_.wide_bytes[chunk - wave].view();
    rows.depth = layer.narrow[chunk].depth;
    return rows;
}

// Stages --------------------------------------------------------------------------------------------------------------

void Forward::embed(const Group& group, const Inputs& inputs) {
    const RowRange mine = share_of(rows_);
    int row = 0;
    for (const Text& text : group.texts)
        for (int token = 0; token < text.length; token++, row++) {
            if (row < mine.first || row >= mine.end) continue;
            const int64_t from = text.first + token;
            kernels_.embed(
                space_.hidden_rows(), row, inputs.words[from], inputs.positions[from], inputs.types[from],
                model_.tables);
        }
    const NormWeights norm = model_.view(model_.embedding_norm);
    kernels_.normalize(space_.hidden_rows(), mine, norm, space_.hidden_bytes.view());
    ends_stage(Profile::embedding);
}

// The weights of some heads' queries (0), keys (1) or values (2).
Weights Forward::part_of(const Layer& layer, int which, RowRange heads) const {
    const int in_head = shape_.head_columns() / kPanelColumns;
    return layer.mix.view().part((which * shape_.heads + heads.first) * in_head, (heads.end - heads.first) * in_head);
}

void Forward::mix(const Layer& layer, RowRange heads) {
    const RowRange after{heads.end, std::min(heads.end + space_.heads, shape_.heads)};
    for (int which = 0; which < 3; which++) {
        const Weights next = which < 2                   ? part_of(layer, which + 1, heads)
                             : after.first < after.end ? part_of(layer, 0, after)
                                                       : layer.attended.view();
        const Weights weights = part_of(layer, which, heads);
        Product product = this->product(space_.hidden_bytes.view(), weights, next);
        product.out = space_.mixed.get() + which * weights.panels * space_.panel;
        product.out_stride = space_.panel;
        kernels_.to_bfloat16(product);
    }
    ends_stage(Profile::mixing);
}

void Forward::attend(const Group& group, RowRange heads) {
    AttentionTask task;
    task.heads = heads.end - heads.first;
    task.head_columns = shape_.head_columns();
    task.mixed = {space_.mixed.get(), space_.panel};
    const Panels<uint16_t> out = space_.attended_rows();
    task.out = {out.at(0, heads.first * task.head_columns / kPanelColumns), out.stride};
    task.scratch = space_.scratch[member_].get();
    const RowRange mine = share_of(int(group.texts.size()) * task.heads);  // pairs of text and head
    int pair = 0;
    for (const Text& text : group.texts) {
        task.length = text.length;
        task.first_head = std::clamp(mine.first - pair, 0, task.heads);
        task.end_head = std::clamp(mine.end - pair, 0, task.heads);
        if (task.first_head < task.end_head) kernels_.attend(task);
        task.first_row += text.length;
        pair += task.heads;
    }
    ends_stage(Profile::attending);
}

void Forward::project(const Layer& layer) {
    const RowRange mine = share_of(rows_);
    kernels_.quantize(space_.attended_rows(), mine, space_.attended_bytes.view());
    ends_stage(Profile::quantizing);
    const Product product = to_hidden(space_.attended_bytes.view(), layer.attended.view(), layer.widen[0].view());
    kernels_.add(product);
    ends_stage(Profile::projecting);
    normalize(layer.attended_norm);
}

void Forward::widen(const Layer& layer, int wave) {
    const int end = std::min(wave + space_.wave, shape_.chunks());
    for (int chunk = wave; chunk < end; chunk++) {
        const PackedWeights& next = chunk + 1 < end ? layer.widen[chunk + 1] : layer.narrow[wave];
        Product product = this->product(space_.hidden_bytes.view(), layer.widen[chunk].view(), next.view());
        product.out = space_.wide_rows(shape_, chunk - wave).first;
        product.out_stride = space_.panel;
        kernels_.activate[shape_.activation](product);
    }
    ends_stage(Profile::widening);
    const RowRange mine = share_of(rows_);
    for (int chunk = wave; chunk < end; chunk++)
        kernels_.quantize(space_.wide_rows(shape_, chunk - wave), mine, wide_bytes(layer, chunk, wave));
    ends_stage(Profile::quantizing);
}

void Forward::narrow(const Layer& layer, int wave, const Layer* next_layer) {
    const int end = std::min(wave + space_.wave, shape_.chunks());
    for (int chunk = wave; chunk < end; chunk++) {
        const bool last = chunk + 1 == shape_.chunks();
        const Weights next = chunk + 1 < end ? layer.narrow[chunk + 1].view()
                             : !last         ? layer.widen[chunk + 1].view()
                             : next_layer    ? part_of(*next_layer, 0, {0, space_.heads})
                                             : Weights();
        kernels_.add(to_hidden(wide_bytes(layer, chunk, wave), layer.narrow[chunk].view(), next));
    }
    ends_stage(Profile::narrowing);
}

void Forward::normalize(const Norm& norm) {
    const RowRange mine = share_of(rows_);
    kernels_.normalize(space_.hidden_rows(), mine, model_.view(norm), space_.hidden_bytes.view());
    ends_stage(Profile::normalizing);
}

void Forward::give(const Group& group, const Inputs& inputs) {
    const RowRange mine = share_of(rows_);
    const Panels<float> hidden = space_.hidden_rows();
    int row = 0;
    for (const Text& text : group.texts)
        for (int token = 0; token < text.length; token++, row++) {
            if (row < mine.first || row >= mine.end) continue;
            float* to = inputs.out + size_t(text.first + token) * shape_.hidden;
            for (int column = 0; column < shape_.hidden; column += kPanelColumns)
                std::copy_n(
                    hidden.at(row, column / kPanelColumns), std::min(kPanelColumns, shape_.hidden - column),
                    to + column);
        }
    ends_stage(Profile::output);
}

}  // namespace dragoman
