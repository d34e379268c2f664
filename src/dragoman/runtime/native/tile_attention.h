// Attention of one text with bfloat16 tile products. Scores are keys x queries, so that a lane is a query.

// Tile products want pairs of neighbouring keys interleaved. Unpacking two rows of 32 values does that, but takes four
// columns from each quarter of a row: so the value columns of a row are stored in the order that comes out right.
int value_column(int column) {
    const int quarter = column / 8, place = column % 8;
    return place < 4 ? quarter * 4 + place : 16 + quarter * 4 + place - 4;
}

// 16 lines of 32 bfloat16 as one tile in which a line holds one pair of columns: a transposition of pairs.
inline __attribute__((always_inline)) void turn_tile(const void* from, char* tile) {
    Ints lines[16];
#pragma GCC unroll 16
    for (int line = 0; line < 16; line++) lines[line] = _mm512_load_si512((const char*)from + line * 64);
    transpose(lines);
#pragma GCC unroll 16
    for (int pair = 0; pair < 16; pair++) _mm512_store_si512(tile + pair * 64, lines[pair]);
}

// Some blocks of 16 queries: those of some heads, one head after the other.
struct QueryBlocks {
    const AttentionTask& task;
    int first_head;
    int parts = task.head_columns / 32, padded = rounded_up(task.length, 32);
    int in_head = parts_of(task.length, 16);

    int head(int block) const { return first_head + block / in_head; }
    int first(int block) const { return block % in_head * 16; }
    size_t values_bytes() const { return size_t(padded) * task.head_columns * 2; }
};

// Tiles [blocks of 32 columns]. Queries past the text's end are whatever is there: no lane looks at another.
inline void pack_queries(const QueryBlocks& blocks, int block, char* tiles) {
    for (int part = 0; part < blocks.parts; part++)
        turn_tile(blocks.task.row(0, blocks.head(block), blocks.first(block), part), tiles + part * kTileBytes);
}

// Tiles [blocks of 32 keys][blocks of 16 columns]. Values past the text's end are zero.
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

// scores[padded, 16] = keys x queries. A product waits long for the one before in the same sums: so there are four.
// Scores of keys past the end are not looked at.
inline void score_keys(const QueryBlocks& blocks, int block, const char* queries, float* scores) {
    const AttentionTask& task = blocks.task;
    const int head = blocks.head(block);
    for (int key = 0; key < task.length; key += 64) {
        const int tiles = parts_of(task.length - key, 16);
        float* to = scores + key * kLanes;
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
        for (int part = 0; part < blocks.parts; part++) {
            const uint16_t* keys = task.row(1, head, key, part);
            _tile_loadd(7, queries + part * kTileBytes, 64);
            _tile_loadd(4, keys, 64);
            _tile_dpbf16ps(0, 4, 7);
            if (tiles > 1) {
                _tile_loadd(5, keys + 16 * kPanelColumns, 64);
                _tile_dpbf16ps(1, 5, 7);
            }
            if (tiles > 2) {
                _tile_loadd(6, keys + 32 * kPanelColumns, 64);
                _tile_dpbf16ps(2, 6, 7);
            }
            if (tiles > 3) {
                _tile_loadd(4, keys + 48 * kPanelColumns, 64);
                _tile_dpbf16ps(3, 4, 7);
            }
        }
        _tile_stored(0, to, 64);
        if (tiles > 1) _tile_stored(1, to + 16 * kLanes, 64);
        if (tiles > 2) _tile_stored(2, to + 32 * kLanes, 64);
        if (tiles > 3) _tile_stored(3, to + 48 * kLanes, 64);
    }
}

// Two keys' shares of 16 queries as 16 pairs of bfloat16.
inline Ints paired(Floats left, Floats right) {
    const Ints order = _mm512_set_epi16(
        31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
        23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, to_bfloat16(left, right));
}

// Tiles [blocks of 32 keys]: 16 queries x 32 keys.
inline void share_out(const QueryBlocks& blocks, const float* scores, char* tiles, float* inverses) {
    const auto put = [&](int key, Floats left, Floats right) {
        _mm512_store_si512(tiles + size_t(key) * 32, paired(left, right));
    };
    store(inverses, softmax(scores, blocks.task.length, put));
    for (int key = 0; key < blocks.padded; key += 32) turn_tile(tiles + size_t(key) * 32, tiles + size_t(key) * 32);
}

// mixed[16, 64 columns] or, with `half`, [16, 32 columns] = shares x values.
template <bool half>
inline void mix_columns(const QueryBlocks& blocks, const char* shares, const char* values, float* mixed) {
    const int values_step = 2 * blocks.parts * kTileBytes, stride = blocks.task.head_columns * 4;
    _tile_zero(0);
    _tile_zero(1);
    if (!half) _tile_zero(2);
    if (!half) _tile_zero(3);
    for (int key = 0; key < blocks.padded; key += 32, shares += kTileBytes, values += values_step) {
        _tile_loadd(4, shares, 64);
        _tile_loadd(5, values, 64);
        _tile_dpbf16ps(0, 4, 5);
        _tile_loadd(6, values + kTileBytes, 64);
        _tile_dpbf16ps(1, 4, 6);
        if (half) continue;
        _tile_loadd(7, values + 2 * kTileBytes, 64);
        _tile_dpbf16ps(2, 4, 7);
        _tile_loadd(5, values + 3 * kTileBytes, 64);
        _tile_dpbf16ps(3, 4, 5);
    }
    _tile_stored(0, mixed, stride);
    _tile_stored(1, mixed + 16, stride);
    if (!half) _tile_stored(2, mixed + 32, stride);
    if (!half) _tile_stored(3, mixed + 48, stride);
}

// mixed[16, columns] = shares x values.
inline void mix_values(const QueryBlocks& blocks, const char* shares, const char* values, float* mixed) {
    int part = 0;
    for (; part + 1 < blocks.parts; part += 2)
        mix_columns<false>(blocks, shares, values + part * 2 * kTileBytes, mixed + part * 32);
    if (part < blocks.parts) mix_columns<true>(blocks, shares, values + part * 2 * kTileBytes, mixed + part * 32);
}

// Blocks [begin, end), step by step.
inline void attend_blocks(const QueryBlocks& blocks, int begin, int end, const AttentionScratch& scratch) {
    const int keys = blocks.padded, columns = blocks.task.head_columns;
    const auto scores = [&](int block) { return scratch.scores + size_t(block - begin) * keys * kLanes; };
    const auto shares = [&](int block) { return scratch.shares + size_t(block - begin) * keys * 32; };
    const auto queries = [&](int block) { return scratch.queries + size_t(block - begin) * columns * 32; };
    const auto mixed = [&](int block) { return scratch.mixed + size_t(block - begin) * columns * kLanes; };
    const auto inverses = [&](int block) { return scratch.inverses + (block - begin) * kLanes; };
    for (int block = begin; block < end; block++) pack_queries(blocks, block, queries(block));
    keep_order();
    for (int block = begin; block < end; block++) score_keys(blocks, block, queries(block), scores(block));
    keep_order();
    for (int block = begin; block < end; block++) share_out(blocks, scores(block), shares(block), inverses(block));
    keep_order();
    for (int block = begin; block < end; block++) {
        const size_t head = blocks.head(block) - blocks.first_head;
        mix_values(blocks, shares(block), scratch.values + head * blocks.values_bytes(), mixed(block));
    }
    keep_order();
    for (int block = begin; block < end; block++)
        give_rows(blocks.task, blocks.head(block), blocks.first(block), mixed(block), inverses(block));
}

void attend(const AttentionTask& task) {
    const AttentionScratch scratch(task.scratch, task.length, task.head_columns);
    const int fitting = kKeysAtOnce / rounded_up(task.length, 32);
    const int at_once = fitting < 1 ? 1 : fitting < kBlocksAtOnce ? fitting : kBlocksAtOnce;
    const int in_head = parts_of(task.length, 16), heads = at_once > in_head ? at_once / in_head : 1;
    for (int head = task.first_head; head < task.end_head; head += heads) {
        const QueryBlocks blocks{task, head};
        const int here = task.end_head - head < heads ? task.end_head - head : heads;
        for (int number = 0; number < here; number++)
            pack_values(task, head + number, scratch.values + number * blocks.values_bytes());
        for (int block = 0; block < here * in_head; block += at_once) {
            const int left = here * in_head - block;
            attend_blocks(blocks, block, block + (left < at_once ? left : at_once), scratch);
        }
    }
}
