// Fetches a head's part of each row while the head before is at work: rows are far apart, which the processor's own
// prefetcher does not follow.
inline void prefetch_head(const AttentionTask& task, int head) {
    if (head >= task.end_head) return;
    const int part = task.heads * task.head_columns;
    for (int row = 0; row < task.length; row++)
        for (int which = 0; which < 3; which++)
            for (int column = 0; column < task.head_columns; column += 32)
                _mm_prefetch(
                    (const char*)(task.mixed + size_t(row) * task.mixed_stride + which * part +
                                  head * task.head_columns + column),
                    _MM_HINT_T0);
}

// Where the attention of one head of one text keeps its intermediate numbers.

struct AttentionScratch {
    char* keys;        // tiles of bfloat16, or floats [columns, padded length]
    char* values;      // tiles of bfloat16, or floats [padded length, columns]
    float* scores;     // [16, padded length]
    uint16_t* shares;  // tiles of 16 x 32 bfloat16
    float* mixed;      // [16, columns]
    float* queries;    // [16, columns]
    float inverse_sums[kTileRows];

    AttentionScratch(void* memory, int length, int columns) {
        const size_t padded = rounded_up(length, 32), matrix = padded * columns * sizeof(float);
        char* place = (char*)memory;
        keys = place, place += matrix;
        values = place, place += matrix;
        scores = (float*)place, place += padded * kTileRows * sizeof(float);
        shares = (uint16_t*)place, place += padded * kTileRows * sizeof(uint16_t);
        mixed = (float*)place, place += size_t(kTileRows) * columns * sizeof(float);
        queries = (float*)place;
    }
};

// Writes the mixed values of `count` queries from `first` on, divided by the sums of their shares.
inline void give_rows(const AttentionTask& task, int head, int first, int count, const AttentionScratch& scratch) {
    const int columns = task.head_columns;
    for (int query = 0; query < count; query++)
        for (int column = 0; column < columns; column += kLanes)
            store(
                task.out + size_t(first + query) * task.out_stride + head * columns + column,
                _mm512_mul_ps(load(scratch.mixed + query * columns + column), all(scratch.inverse_sums[query])));
}
