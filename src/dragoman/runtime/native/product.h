// Strips of quantised rows times panels of weights. The instruction set provides `multiply_block` and `flush_block`.

inline Block block_of(const Product& product, const int32_t* sums, int strip, int panel, size_t bytes) {
    const int row = strip * kStripRows, column = panel * kPanelColumns;
    Block block;
    block.sums = sums;
    block.row_scale = product.input.scale + row;
    block.column_scale = product.weights.scale + column;
    block.bias = product.weights.bias + column;
    block.out_stride = product.out_stride * bytes;
    block.out = (char*)product.out + row * block.out_stride + column * bytes;
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

// Panels [first, end) of all strips: so many that they stay in the L2 cache while the strips pass.
struct Wave {
    int first, end;
};

inline Wave wave_from(const Product& product, int panel) {
    return {panel, panel + kWavePanels < product.end_panel ? panel + kWavePanels : product.end_panel};
}

inline Prefetch prefetch_during(const Product& product, Wave wave) {
    const size_t panel_bytes = size_t(2) * product.weights.depth * kTileBytes;
    const size_t steps =
        size_t(product.end_strip - product.first_strip) * (wave.end - wave.first) * product.weights.depth;
    if (wave.end == product.end_panel) return {product.ahead, product.ahead_bytes, steps};
    const Wave next = wave_from(product, wave.end);
    return {product.weights.tiles + wave.end * panel_bytes, (next.end - next.first) * panel_bytes, steps};
}

template <class Finish>
void multiply(const Product& product) {
    alignas(64) int32_t sums[kStripRows * kPanelColumns];
    const int depth = product.weights.depth, rows_per_step = parts_of(kStripRows, depth);
    Block before;
    Wave wave = wave_from(product, product.first_panel);
    for (; wave.first < wave.end; wave = wave_from(product, wave.end)) {
        Prefetch prefetch = prefetch_during(product, wave);
        for (int strip = product.first_strip; strip < product.end_strip; strip++)
            for (int panel = wave.first; panel < wave.end; panel++) {
                const size_t place = size_t(panel) * 2 * depth * kTileBytes;
                multiply_block(
                    product.input.strip(strip), product.weights.tiles + place, depth,
                    product.weights.shift + panel * kPanelColumns, sums, [&](int step) {
                        finish_rows<Finish>(before, rows_per_step * step, rows_per_step);
                        prefetch.step();
                    });
                before = block_of(product, sums, strip, panel, Finish::kBytes);
            }
    }
    flush_block(sums);
    finish_rows<Finish>(before, 0, kStripRows);
}
