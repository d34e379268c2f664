#include "workspace.h"

#include <algorithm>

namespace dragoman {
namespace {

// Attention reads whole tiles, past the last text's end. The odd row keeps the panels of a row out of each other's sets
// of the L1 cache.
constexpr int kRowsBeyond = 33;

// Queries, keys and values of so many heads times rows stay in the L2 cache, where attention finds them.
constexpr int kMixedRows = 1536;

}  // namespace

void Workspace::make_room(const Shape& shape, int needed_rows, int needed_longest, int members, int needed_wave) {
    const bool fits = needed_rows <= rows && needed_longest <= longest && needed_wave <= wave;
    if (fits && members <= int(scratch.size())) return;
    const int new_rows = std::max(rows, rounded_up(needed_rows, kStripRows));
    const int new_longest = std::max(longest, needed_longest), new_wave = std::max(wave, needed_wave);
    const int new_members = std::max(members, int(scratch.size()));
    const int new_heads = std::clamp(kMixedRows / new_rows, 1, shape.heads);
    *this = Workspace();  // the old memory is given back first; if there is not enough, the next call starts anew
    arena = std::make_unique<Arena>();
    const size_t new_panel = size_t(new_rows + kRowsBeyond) * kPanelColumns;
    const auto numbers = [&](int columns) { return columns / kPanelColumns * new_panel; };
    hidden = Array<float>(*arena, numbers(shape.row_stride()));
    hidden_bytes = QuantizedArray(*arena, new_rows, shape.row_stride());
    mixed = Array<uint16_t>(*arena, numbers(3 * new_heads * shape.head_columns()));
    attended = Array<uint16_t>(*arena, numbers(shape.attended_stride()));
    attended_bytes = QuantizedArray(*arena, new_rows, shape.attended_stride());
    wide = Array<uint16_t>(*arena, new_wave * numbers(shape.chunk_stride()));
    for (int chunk = 0; chunk < new_wave; chunk++) wide_bytes.emplace_back(*arena, new_rows, shape.chunk_stride());
    for (int member = 0; member < new_members; member++)
        scratch.emplace_back(*arena, attention_scratch_bytes(new_longest, shape.head_columns()));
    rows = new_rows;
    panel = new_panel;
    heads = new_heads;
    longest = new_longest;
    wave = new_wave;
}

}  // namespace dragoman
