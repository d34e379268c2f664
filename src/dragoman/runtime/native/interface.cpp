// The functions that Python calls. Nothing is thrown across this border: errors are return codes.

#include <new>
#include <system_error>

#include "engine.h"
#include "processor.h"
#include "rate.h"

#define DRAGOMAN_API extern "C" __attribute__((visibility("default")))

using namespace dragoman;

namespace {

enum Code { ok = 0, out_of_memory = 1, no_threads = 2, unsupported = 3 };

// 0: the best there is, 1: AMX, 2: AVX-512 VNNI.
const Kernels* kernels_of(int isa) {
    if (isa != 2 && may_use_amx()) return &kAmxKernels;
    if (isa != 1 && may_use_avx512_vnni()) return &kAvx512Kernels;
    return nullptr;
}

template <class Work>
int guarded(Work work) {
    try {
        work();
        return ok;
    } catch (const std::bad_alloc&) {
        return out_of_memory;
    } catch (const std::system_error&) {
        return no_threads;
    }
}

}  // namespace

// A bit per instruction set: 1 AMX, 2 AVX-512 VNNI.
DRAGOMAN_API int dragoman_isas() { return (may_use_amx() ? 1 : 0) | (may_use_avx512_vnni() ? 2 : 0); }

DRAGOMAN_API int dragoman_create(const Shape* shape, int threads, int isa, Engine** engine) {
    const Kernels* kernels = kernels_of(isa);
    if (!kernels) return unsupported;
    return guarded([&] { *engine = new Engine(*shape, *kernels, threads); });
}

DRAGOMAN_API void dragoman_destroy(Engine* engine) { delete engine; }

DRAGOMAN_API int dragoman_set_embeddings(
    Engine* engine, const int8_t* words, const float* word_scale, const float* positions, const float* types,
    const float* norm_weight, const float* norm_bias) {
    return guarded(
        [&] { engine->model.set_embeddings(words, word_scale, positions, types, norm_weight, norm_bias); });
}

DRAGOMAN_API int dragoman_set_layer(Engine* engine, int number, const PlainLayer* layer) {
    return guarded([&] { engine->model.set_layer(number, *layer); });
}

DRAGOMAN_API int dragoman_run(
    Engine* engine, const int64_t* words, const int64_t* positions, const int64_t* types, const int64_t* first,
    int64_t texts, int64_t tokens, float* out, int part) {
    return guarded([&] {
        std::vector<Text> list(texts);
        for (int64_t text = 0; text < texts; text++)
            list[text] = {first[text], int((text + 1 < texts ? first[text + 1] : tokens) - first[text])};
        engine->run(list, {words, positions, types, out}, Part(part));
    });
}

DRAGOMAN_API void dragoman_take_profile(Engine* engine, uint64_t* ticks) {
    const Profile profile = engine->take_profile();
    for (size_t stage = 0; stage < profile.ticks.size(); stage++) ticks[stage] = profile.ticks[stage];
}

DRAGOMAN_API int dragoman_int8_rate(
    int isa, int threads, int rows, int inputs, int outputs, double seconds, double* rate) {
    const Kernels* kernels = kernels_of(isa);
    if (!kernels) return unsupported;
    return guarded([&] { *rate = int8_rate(*kernels, threads, rows, inputs, outputs, seconds); });
}
