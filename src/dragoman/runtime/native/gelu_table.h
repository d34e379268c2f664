// GELU as x / 2 + even(|x|), even(a) = a * (Phi(a) - 1/2) (Hendrycks & Gimpel 2016, arXiv:1606.08415).
// Even is 32 parabolas in a register file of 6, the last the line a / 2; its error is 2e-5, that of bfloat16 2e-3 at 1.

#pragma once

namespace dragoman {

constexpr int kPieces = 32;
constexpr float kPiecesEnd = 4.5f;                        // beyond it even(a) is a / 2 but for 2e-5
constexpr float kPiecesPerUnit = (kPieces - 1.5f) / kPiecesEnd;

struct alignas(64) GeluTable {
    float coefficient[3][kPieces];  // of 1, a, a^2
};

extern const GeluTable kGelu;                              // Phi with erf, the exact form
extern const GeluTable kGeluTanh;                          // Phi with tanh, the approximation of BERT's first release

}  // namespace dragoman
