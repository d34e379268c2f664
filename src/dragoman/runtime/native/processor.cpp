#include "processor.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace dragoman {
namespace {

struct Leaf {
    unsigned a = 0, b = 0, c = 0, d = 0;
};

Leaf leaf(unsigned number, unsigned sub) {
    Leaf answer;
    __get_cpuid_count(number, sub, &answer.a, &answer.b, &answer.c, &answer.d);
    return answer;
}

bool has(unsigned word, int bit) { return word >> bit & 1; }

// The register files that the system saves when it switches threads.
uint64_t saved_states() {
    if (!has(leaf(1, 0).c, 27)) return 0;
    unsigned low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return uint64_t(high) << 32 | low;
}

bool system_saves(uint64_t states) { return (saved_states() & states) == states; }

constexpr uint64_t kVectorStates = 0xe6;  // SSE, AVX, masks, both halves of the 512-bit registers
constexpr uint64_t kTileStates = 3 << 17;
constexpr int kRequestPermission = 0x1023, kTileData = 18;

bool request_tiles() { return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0; }

}  // namespace

bool may_use_avx512_vnni() {
    const Leaf seven = leaf(7, 0);
    const bool fma = has(leaf(1, 0).c, 12);
    const bool foundation = has(seven.b, 16) && has(seven.b, 17) && has(seven.b, 30) && has(seven.b, 31);
    return fma && foundation && has(seven.c, 11) && system_saves(kVectorStates);
}

bool may_use_amx() {
    const Leaf seven = leaf(7, 0);
    const bool tiles = has(seven.d, 22) && has(seven.d, 24) && has(seven.d, 25);
    const bool bfloat16 = has(leaf(7, 1).a, 5);
    if (!may_use_avx512_vnni() || !tiles || !bfloat16 || !system_saves(kTileStates)) return false;
    static const bool granted = request_tiles();
    return granted;
}

}  // namespace dragoman
