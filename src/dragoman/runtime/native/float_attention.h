// Attention of one text in float, for processors without tiles. 16 queries meet all keys, then all values.

int value_column(int column) { return column; }

// out[16, width] = left[16, depth] x right[depth, width]; eight rows and 32 columns of sums stay in registers.
inline void multiply_floats(const float* left, int depth, const float* right, int width, float* out, int stride) {
    for (int row = 0; row < kTileRows; row += 8)
        for (int column = 0; column < width; column += 32) {
            Floats sum[8][2];
            for (auto& pair : sum) pair[0] = pair[1] = _mm512_setzero_ps();
            for (int step = 0; step < depth; step++) {
                const Floats a = load(right + size_t(step) * width + column);
                const Floats b = load(right + size_t(step) * width + column + kLanes);
#pragma GCC unroll 8
                for (int i = 0; i < 8; i++) {
                    const Floats x = all(left[size_t(row + i) * depth + step]);
                    sum[i][0] = multiply_add(x, a, sum[i][0]);
                    sum[i][1] = multiply_add(x, b, sum[i][1]);
                }
            }
            for (int i = 0; i < 8; i++) {
                store(out + size_t(row + i) * stride + column, sum[i][0]);
                store(out + size_t(row + i) * stride + column + kLanes, sum[i][1]);
            }
        }
}

inline void widen(const uint16_t* from, int columns, float* to) {
    for (int column = 0; column < columns; column += kLanes)
        store(to + column, load(from + column));
}

// 16 rows of 16 columns, turned; rows past the text's end are zero.
inline void widen_turned(const uint16_t* from, int count, float* to, int to_stride) {
    Ints lines[16];
#pragma GCC unroll 16
    for (int row = 0; row < 16; row++)
        lines[row] = row < count ? _mm512_castps_si512(load(from + row * kPanelColumns)) : _mm512_setzero_si512();
    transpose(lines);
#pragma GCC unroll 16
    for (int column = 0; column < 16; column++) _mm512_storeu_si512(to + size_t(column) * to_stride, lines[column]);
}

// Keys as [columns, padded]; past the length they are zero.
inline void unpack_keys(const AttentionTask& task, int head, float* to) {
    const int padded = rounded_up(task.length, 32);
    for (int key = 0; key < padded; key += 16)
        for (int column = 0; column < task.head_columns; column += 16)
            widen_turned(
                task.row(1, head, key, column / kPanelColumns) + column % kPanelColumns, task.length - key,
                to + size_t(column) * padded + key, padded);
}

// Values as [padded, columns]; past the length they are zero.
inline void unpack_values(const AttentionTask& task, int head, float* to) {
    for (int key = 0; key < rounded_up(task.length, 32); key++, to += task.head_columns)
        for (int column = 0; column < task.head_columns; column += kPanelColumns) {
            const uint16_t* from = task.row(2, head, key, column / kPanelColumns);
            store(to + column, key < task.length ? load(from) : _mm512_setzero_ps());
            store(to + column + kLanes, key < task.length ? load(from + kLanes) : _mm512_setzero_ps());
        }
}

// Tiles of 16 x 32 bfloat16 as floats [16, padded].
inline void widen_shares(const uint16_t* shares, int padded, float* to) {
    for (int query = 0; query < kTileRows; query++)
        for (int key = 0; key < padded; key += 32)
            widen(shares + size_t(key) * 16 + query * 32, 32, to + size_t(query) * padded + key);
}

inline void attend_head(const AttentionTask& task, int head, AttentionScratch& scratch) {
    const int columns = task.head_columns, padded = rounded_up(task.length, 32);
    float *keys = (float*)scratch.keys, *values = (float*)scratch.values;
    unpack_keys(task, head, keys);
    unpack_values(task, head, values);
    for (int first = 0; first < task.length; first += kTileRows) {
        const int count = task.length - first < kTileRows ? task.length - first : kTileRows;
        for (int query = 0; query < count; query++)
            for (int column = 0; column < columns; column += kPanelColumns)
                widen(
                    task.row(0, head, first + query, column / kPanelColumns), kPanelColumns,
                    scratch.queries + query * columns + column);
        multiply_floats(scratch.queries, columns, keys, padded, scratch.scores, padded);
        softmax(scratch.scores, padded, task.length, count, scratch.shares, scratch.inverse_sums);
        widen_shares(scratch.shares, padded, scratch.scores);
        multiply_floats(scratch.scores, padded, values, columns, scratch.mixed, columns);
        give_rows(task, head, first, count, scratch);
    }
}
