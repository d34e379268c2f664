// Attention of one text with bfloat16 tile products. 16 queries meet all keys, then all values.

// Tile products want pairs of neighbouring keys interleaved. Unpacking two rows of 32 values does that, but takes four
// columns from each quarter of a row: so the value columns of a row are stored in the order that comes out right.
int value_column(int column) {
    const int quarter = column / 8, place = column % 8;
    return place < 4 ? quarter * 4 + place : 16 + quarter * 4 + place - 4;
}

// 16 keys of 32 columns as one tile in which a line holds one pair of columns of all keys: a transposition of pairs.
inline __attribute__((always_inline)) void pack_key_tile(const uint16_t* keys, int count, char* tile) {
    Ints lines[16];
#pragma GCC unroll 16
    for (int key = 0; key < 16; key++)
        lines[key] = key < count ? _mm512_load_si512(keys + key * kPanelColumns) : _mm512_setzero_si512();
    transpose(lines);
#pragma GCC unroll 16
    for (int pair = 0; pair < 16; pair++) _mm512_store_si512(tile + pair * 64, lines[pair]);
}

// Tiles [blocks of 16 keys][blocks of 32 columns].
inline void pack_keys(const AttentionTask& task, int head, char* tiles) {
    for (int key = 0; key < task.length; key += 16)
        for (int part = 0; part < task.head_columns / 32; part++, tiles += kTileBytes) {
            const uint16_t* from = task.row(1, head, key, part);
            if (task.length - key >= 16)
                pack_key_tile(from, 16, tiles);
            else
                pack_key_tile(from, task.length - key, tiles);
        }
}

// Tiles [blocks of 32 keys][blocks of 16 columns].
inline void pack_values(const AttentionTask& task, int head, char* tiles) {
    const int parts = task.head_columns / 32;
    for (int key = 0; key < task.length; key += 32)
        for (int part = 0; part < parts; part++, tiles += 2 * kTileBytes) {
            const uint16_t* values = task.row(2, head, key, part);
            const int count = task.length - key;
            for (int pair = 0; pair < 16; pair++, values += 2 * kPanelColumns) {
                const Ints even = 2 * pair < count ? _mm512_load_si512(values) : _mm512_setzero_si512();
                const Ints odd =
                    2 * pair + 1 < count ? _mm512_load_si512(values + kPanelColumns) : _mm512_setzero_si512();
                _mm512_store_si512(tiles + pair * 64, _mm512_unpacklo_epi16(even, odd));
                _mm512_store_si512(tiles + kTileBytes + pair * 64, _mm512_unpackhi_epi16(even, odd));
            }
        }
}

// scores[16, padded] = queries x keys, two blocks of 16 keys at a time.
inline void score_queries(
    const AttentionTask& task, int head, int first, const char* keys, float* scores, int padded) {
    const int parts = task.head_columns / 32;
    keep_order();
    for (int key = 0; key < padded; key += 32) {
        const bool both = key + 16 < task.length;
        _tile_zero(0);
        _tile_zero(1);
        for (int part = 0; part < parts; part++) {
            _tile_loadd(4, task.row(0, head, first, part), 64);
            _tile_loadd(5, keys + size_t(key / 16 * parts + part) * kTileBytes, 64);
            _tile_dpbf16ps(0, 4, 5);
            if (!both) continue;
            _tile_loadd(6, keys + size_t((key / 16 + 1) * parts + part) * kTileBytes, 64);
            _tile_dpbf16ps(1, 4, 6);
        }
        _tile_stored(0, scores + key, padded * 4);
        if (both) _tile_stored(1, scores + key + 16, padded * 4);
    }
    keep_order();
}

// mixed[16, columns] = shares x values.
inline void mix_values(const AttentionTask& task, const uint16_t* shares, const char* values, float* mixed) {
    const int across = task.head_columns / 16, steps = parts_of(task.length, 32), stride = task.head_columns * 4;
    keep_order();
    for (int column = 0; column < across; column += 2) {
        _tile_zero(0);
        _tile_zero(1);
        for (int step = 0; step < steps; step++) {
            const char* tiles = values + size_t(step * across + column) * kTileBytes;
            _tile_loadd(4, shares + size_t(step) * 512, 64);
            _tile_loadd(5, tiles, 64);
            _tile_dpbf16ps(0, 4, 5);
            _tile_loadd(6, tiles + kTileBytes, 64);
            _tile_dpbf16ps(1, 4, 6);
        }
        _tile_stored(0, mixed + column * 16, stride);
        _tile_stored(1, mixed + column * 16 + 16, stride);
    }
    keep_order();
}

inline void attend_head(const AttentionTask& task, int head, AttentionScratch& scratch) {
    const int padded = rounded_up(task.length, 32);
    pack_keys(task, head, scratch.keys);
    pack_values(task, head, scratch.values);
    for (int first = 0; first < task.length; first += 16) {
        const int count = task.length - first < 16 ? task.length - first : 16;
        score_queries(task, head, first, scratch.keys, scratch.scores, padded);
        softmax(scratch.scores, padded, task.length, count, scratch.shares, scratch.inverse_sums);
        mix_values(task, scratch.shares, scratch.values, scratch.mixed);
        give_rows(task, head, first, count, scratch);
    }
}
