// Softmax over the scores of 16 queries, in base 2 (queries carry the factor log2(e)).
// Shares are rounded to bfloat16 and left undivided; `inverse_sums` divides the mixed values afterwards.

inline float row_maximum(const float* scores, int length) {
    Floats most = all(-INFINITY);
    for (int key = 0; key < length; key += kLanes) {
        const __mmask16 inside = first_lanes(length - key);
        most = _mm512_mask_max_ps(most, inside, most, load(scores + key));
    }
    return _mm512_reduce_max_ps(most);
}

// `shares` is in tiles of 16 queries x 32 keys; those past the length become zero.
inline float row_shares(const float* scores, int length, uint16_t* shares) {
    const Floats most = all(row_maximum(scores, length));
    Floats sum = _mm512_setzero_ps();
    for (int key = 0; key < rounded_up(length, 32); key += kLanes) {
        const __mmask16 inside = length > key ? first_lanes(length - key) : __mmask16(0);
        const Floats share = _mm512_maskz_mov_ps(inside, power_of_two(_mm512_sub_ps(load(scores + key), most)));
        sum = _mm512_add_ps(sum, share);
        _mm256_store_si256((__m256i*)(shares + size_t(key / 32) * 512 + key % 32), to_bfloat16(share));
    }
    return _mm512_reduce_add_ps(sum);
}

inline void softmax(const float* scores, int stride, int length, int queries, uint16_t* shares, float* inverse_sums) {
    for (int query = 0; query < queries; query++)
        inverse_sums[query] = 1.0f / row_shares(scores + size_t(query) * stride, length, shares + query * 32);
}
