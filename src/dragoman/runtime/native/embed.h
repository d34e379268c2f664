// The sum of a token's word, position and type vectors.

void embed(
    const Panels<float>& rows, int row, int64_t word, int64_t position, int64_t type, const EmbeddingTables& tables) {
    const int8_t* words = tables.words + word * tables.hidden;
    const float* places = tables.positions + position * tables.stride;
    const float* types = tables.types + type * tables.stride;
    const Floats scale = all(tables.word_scale[word]);
    for (int column = 0; column < tables.hidden; column += kLanes) {
        const __mmask16 inside = first_lanes(tables.hidden - column);
        const Ints bytes = _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(inside, words + column));
        const Floats place_and_type = _mm512_add_ps(load(places + column), load(types + column));
        float* to = rows.at(row, column / kPanelColumns) + column % kPanelColumns;
        _mm512_mask_storeu_ps(to, inside, multiply_add(_mm512_cvtepi32_ps(bytes), scale, place_and_type));
    }
}
