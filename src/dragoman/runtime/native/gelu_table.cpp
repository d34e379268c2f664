#include "gelu_table.h"

#include <cmath>

namespace dragoman {
namespace {

constexpr int kNodes = 3;
constexpr double kPi = 3.14159265358979323846;

double even(double a) { return 0.5 * a * std::erf(a / std::sqrt(2.0)); }

double even_tanh(double a) { return 0.5 * a * std::tanh(std::sqrt(2.0 / kPi) * (a + 0.044715 * a * a * a)); }

// The Chebyshev nodes of a piece. The first piece is used on its right half only.
double node(int piece, int number) {
    const double place = 0.5 * std::cos((number + 0.5) * kPi / kNodes);
    return (piece ? piece + place : 0.25 + 0.5 * place) / kPiecesPerUnit;
}

// The parabola through three points, by Newton's divided differences, expanded in powers of a.
void fit_piece(GeluTable& table, int piece, double (*function)(double)) {
    double a[kNodes], value[kNodes];
    for (int i = 0; i < kNodes; i++) {
        a[i] = node(piece, i);
        value[i] = function(a[i]);
    }
    for (int order = 1; order < kNodes; order++)
        for (int i = kNodes - 1; i >= order; i--) value[i] = (value[i] - value[i - 1]) / (a[i] - a[i - order]);
    double power[kNodes] = {};
    for (int i = kNodes - 1; i >= 0; i--) {
        for (int j = kNodes - 1; j > 0; j--) power[j] = power[j - 1] - a[i] * power[j];
        power[0] = value[i] - a[i] * power[0];
    }
    for (int i = 0; i < kNodes; i++) table.coefficient[i][piece] = float(power[i]);
}

GeluTable fitted(double (*function)(double)) {
    GeluTable table = {};
    for (int piece = 0; piece + 1 < kPieces; piece++) fit_piece(table, piece, function);
    table.coefficient[1][kPieces - 1] = 0.5f;
    return table;
}

}  // namespace

const GeluTable kGelu = fitted(even);
const GeluTable kGeluTanh = fitted(even_tanh);

}  // namespace dragoman
