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
    const int panels = task.head_columns / kPanelColumns;
    for (int query = 0; query < count; query++) {
        const Floats inverse = all(scratch.inverse_sums[query]);
        const float* mixed = scratch.mixed + query * task.head_columns;
        for (int panel = 0; panel < panels; panel++, mixed += kPanelColumns)
            _mm512_store_si512(
                task.out.at(task.first_row + first + query, head * panels + panel),
                to_bfloat16(_mm512_mul_ps(load(mixed), inverse), _mm512_mul_ps(load(mixed + kLanes), inverse)));
    }
}
