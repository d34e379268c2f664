// Where attention keeps its intermediate numbers: some blocks of 16 queries are at work at a time, of one head or of
// several, so that the wait of one block's step is filled by the same step of the others.

struct AttentionScratch {
    char* keys;       // floats [length, columns] of a head; unused with tiles
    char* values;     // tiles of bfloat16 of each head, or floats [padded length, columns]
    char* queries;    // tiles of bfloat16 of each block, or floats [columns, 16]
    float* scores;    // [padded length, 16] of each block
    char* shares;     // tiles of bfloat16 of each block
    float* mixed;     // [16, columns] of each block
    float* inverses;  // [16] of each block: one by the sum of shares

    AttentionScratch(void* memory, int length, int columns) {
        const size_t padded = rounded_up(length, 32), most = attention_keys(length);
        char* place = (char*)memory;
        const auto take = [&](size_t bytes) { return std::exchange(place, place + bytes); };
        keys = take(padded * columns * sizeof(float));
        values = take(most * columns * sizeof(float));
        scores = (float*)take(most * kLanes * sizeof(float));
        shares = take(most * kLanes * sizeof(float));
        queries = take(size_t(kBlocksAtOnce) * columns * kLanes * sizeof(float));
        mixed = (float*)take(size_t(kBlocksAtOnce) * columns * kLanes * sizeof(float));
        inverses = (float*)take(kBlocksAtOnce * kLanes * sizeof(float));
    }
};

// Writes the mixed values of the queries from `first` on, times their inverses.
inline void give_rows(const AttentionTask& task, int head, int first, const float* mixed, const float* inverses) {
    const int panels = task.head_columns / kPanelColumns;
    const int count = task.length - first < kTileRows ? task.length - first : kTileRows;
    for (int query = 0; query < count; query++) {
        const Floats inverse = all(inverses[query]);
        for (int panel = 0; panel < panels; panel++, mixed += kPanelColumns)
            _mm512_store_si512(
                task.out.at(task.first_row + first + query, head * panels + panel),
                to_bfloat16(_mm512_mul_ps(load(mixed), inverse), _mm512_mul_ps(load(mixed + kLanes), inverse)));
    }
}
