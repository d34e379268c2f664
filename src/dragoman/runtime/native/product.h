// Strips of quantised rows times panels of weights. The instruction set provides `multiply_block` and `flush_block`.

inline Block block_of(const Product& product, const int32_t* sums, int strip, int panel, size_t bytes) {
    const int row = strip * kStripRows;
    Block block;
    block.sums = sums;
    block.row_scale = product.input.scale + row;
    block.out = (char*)product.out + (panel * product.out_stride + size_t(row) * kPanelColumns) * bytes;
    block.rows = product.rows - row < kStripRows ? product.rows - row : kStripRows;
    return block;
}

// Walks through the weights that come next, a few cache lines at a time.
struct Prefetch {
    const char* next;
    const char* end;
    int lines = 0;

    Prefetch(const int8_t* from, size_t bytes, size_t steps) : next((const char*)from), end(next + bytes) {
        lines = int((bytes / 64 + steps - 1) / steps);
    }

    void step() {
        if (next >= end) return;
        for (int line = 0; line < lines; line++, next += 64) _mm_prefetch(next, _MM_HINT_T1);
    }
};

// The panel after this one, or the first of the product after this one.
inline Prefetch prefetch_during(const Product& product, int panel) {
    const size_t panel_bytes = product.weights.panel_bytes();
    const size_t steps = size_t(product.end_strip - product.first_strip) * product.weights.depth;
    if (panel + 1 == product.end_panel) return {product.ahead, product.ahead_bytes, steps};
    return {product.weights.tiles + (panel + 1) * panel_bytes, panel_bytes, steps};
}

// A panel of weights stays in the L1 cache while all strips of rows pass.
template <int rows_per_step, class Finish>
void multiply_by(const Product& product) {
    alignas(64) int32_t sums[kStripRows * kPanelColumns];
    const int depth = product.weights.depth;
    const Finish finish;
    Columns columns(product.weights, product.first_panel);
    Block before;
    for (int panel = product.first_panel; panel < product.end_panel; panel++) {
        Prefetch prefetch = prefetch_during(product, panel);
        const int8_t* weights = product.weights.tiles + panel * product.weights.panel_bytes();
        for (int strip = product.first_strip; strip < product.end_strip; strip++) {
            multiply_block(
                product.input.strip(strip), weights, depth, product.weights.shift + panel * kPanelColumns, sums,
                [&](int step) {
                    finish_step<rows_per_step>(before, columns, finish, step);
                    prefetch.step();
                });
            before = block_of(product, sums, strip, panel, Finish::kBytes);
            columns = Columns(product.weights, panel);
        }
    }
    flush_block(sums);
    for (int step = 0; step * rows_per_step < kStripRows; step++)
        finish_step<rows_per_step>(before, columns, finish, step);
}

// Rows are finished evenly over the steps of the next block, or else the vector units would come late.
template <class Finish>
void multiply(const Product& product) {
    if (product.weights.depth >= 16) return multiply_by<2, Finish>(product);
    if (product.weights.depth >= 11) return multiply_by<3, Finish>(product);
    if (product.weights.depth >= 4) return multiply_by<8, Finish>(product);
    multiply_by<32, Finish>(product);
}
