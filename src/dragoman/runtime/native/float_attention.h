// Attention of one text in float, for processors without tiles. Scores are keys x queries, so that a lane is a query.

int value_column(int column) { return column; }

// A matrix of floats in which neither rows nor columns need lie side by side.
struct Strided {
    const float* first;
    int row, column;  // distances
};

// out[rows, vectors * 16] = left[rows, depth] x right[depth, width]; `rows` sums of each vector stay in registers.
template <int rows, int vectors>
inline __attribute__((always_inline)) void multiply_floats(
    const Strided& left, int depth, const float* right, int width, float* out, int stride) {
    Floats sum[rows][vectors];
    for (auto& line : sum)
        for (auto& lane : line) lane = _mm512_setzero_ps();
    for (int step = 0; step < depth; step++) {
        Floats line[vectors];
        for (int vector = 0; vector < vectors; vector++)
            line[vector] = load(right + size_t(step) * width + vector * kLanes);
#pragma GCC unroll 16
        for (int row = 0; row < rows; row++) {
            const Floats x = all(left.first[size_t(row) * left.row + size_t(step) * left.column]);
#pragma GCC unroll 2
            for (int vector = 0; vector < vectors; vector++)
                sum[row][vector] = multiply_add(x, line[vector], sum[row][vector]);
        }
    }
    for (int row = 0; row < rows; row++)
        for (int vector = 0; vector < vectors; vector++)
            store(out + size_t(row) * stride + vector * kLanes, sum[row][vector]);
}

// 16 rows of 16 columns, turned.
inline void widen_turned(const uint16_t* from, float* to) {
    Ints lines[16];
#pragma GCC unroll 16
    for (int row = 0; row < 16; row++) lines[row] = _mm512_castps_si512(load(from + row * kPanelColumns));
    transpose(lines);
#pragma GCC unroll 16
    for (int column = 0; column < 16; column++) _mm512_storeu_si512(to + column * kLanes, lines[column]);
}

// Queries as [columns, 16]. Those past the text's end are whatever is there: no lane looks at another.
inline void unpack_queries(const AttentionTask& task, int head, int first, float* to) {
    for (int column = 0; column < task.head_columns; column += 16)
        widen_turned(
            task.row(0, head, first, column / kPanelColumns) + column % kPanelColumns, to + size_t(column) * kLanes);
}

// Keys (1) or values (2) as [length, columns].
inline void unpack_rows(const AttentionTask& task, int which, int head, float* to) {
    for (int key = 0; key < task.length; key++, to += task.head_columns)
        for (int column = 0; column < task.head_columns; column += kPanelColumns) {
            const uint16_t* from = task.row(which, head, key, column / kPanelColumns);
            store(to + column, load(from));
            store(to + column + kLanes, load(from + kLanes));
        }
}

// scores[length, 16] = keys x queries. What follows the last key's row is not looked at.
inline void score_keys(const AttentionTask& task, const float* keys, const float* queries, float* scores) {
    const int columns = task.head_columns;
    for (int key = 0; key < task.length; key += 16)
        multiply_floats<16, 1>(
            {keys + size_t(key) * columns, columns, 1}, columns, queries, kLanes, scores + key * kLanes, kLanes);
}

// Shares stay where the scores were, rounded to bfloat16.
inline void share_out(const AttentionTask& task, float* scores, float* inverses) {
    const auto put = [&](int key, Floats left, Floats right) {
        store(scores + key * kLanes, from_bfloat16(to_bfloat16(left)));
        store(scores + (key + 1) * kLanes, from_bfloat16(to_bfloat16(right)));
    };
    store(inverses, softmax(scores, task.length, put));
}

// mixed[16, columns] = shares x values.
inline void mix_values(const AttentionTask& task, const float* shares, const float* values, float* mixed) {
    const int columns = task.head_columns;
    for (int query = 0; query < kTileRows; query += 8)
        for (int column = 0; column < columns; column += 32)
            multiply_floats<8, 2>(
                {shares + query, 1, kLanes}, task.length, values + column, columns, mixed + query * columns + column,
                columns);
}

void attend(const AttentionTask& task) {
    const AttentionScratch scratch(task.scratch, task.length, task.head_columns);
    float *keys = (float*)scratch.keys, *values = (float*)scratch.values, *queries = (float*)scratch.queries;
    for (int head = task.first_head; head < task.end_head; head++) {
        unpack_rows(task, 1, head, keys);
        unpack_rows(task, 2, head, values);
        for (int first = 0; first < task.length; first += kTileRows) {
            unpack_queries(task, head, first, queries);
            score_keys(task, keys, queries, scratch.scores);
            share_out(task, scratch.scores, scratch.inverses);
            mix_values(task, scratch.scores, values, scratch.mixed);
            give_rows(task, head, first, scratch.mixed, scratch.inverses);
        }
    }
}
