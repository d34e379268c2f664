// Softmax over the keys of 16 queries, in base 2 (queries carry the factor log2(e)).
// A lane is a query, so that no sum goes across lanes. `put` gets the shares of a pair of keys at a time: undivided,
// and zero past the length. What is returned multiplies the mixed values afterwards.

inline Floats column_maximum(const float* scores, int length) {
    Floats even = all(-INFINITY), odd = even;
    for (int key = 0; key + 1 < length; key += 2) {
        even = _mm512_max_ps(even, load(scores + key * kLanes));
        odd = _mm512_max_ps(odd, load(scores + (key + 1) * kLanes));
    }
    if (length % 2) even = _mm512_max_ps(even, load(scores + (length - 1) * kLanes));
    return _mm512_max_ps(even, odd);
}

// `scores` is [length, 16].
template <class Put>
inline __attribute__((always_inline)) Floats softmax(const float* scores, int length, Put put) {
    const Floats most = column_maximum(scores, length);
    const auto share = [&](int key) { return power_of_two(_mm512_sub_ps(load(scores + key * kLanes), most)); };
    Floats even = _mm512_setzero_ps(), odd = even;
    for (int key = 0; key + 1 < length; key += 2) {
        const Floats left = share(key), right = share(key + 1);
        even = _mm512_add_ps(even, left);
        odd = _mm512_add_ps(odd, right);
        put(key, left, right);
    }
    if (length % 2) {
        const Floats last = share(length - 1);
        even = _mm512_add_ps(even, last);
        put(length - 1, last, _mm512_setzero_ps());
    }
    for (int key = rounded_up(length, 2); key < rounded_up(length, 32); key += 2)
        put(key, _mm512_setzero_ps(), _mm512_setzero_ps());
    return _mm512_div_ps(all(1.0f), _mm512_add_ps(even, odd));
}
