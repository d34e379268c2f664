// What this processor can do and this system allows.

#pragma once

namespace dragoman {

bool may_use_avx512_vnni();
bool may_use_amx();          // asks the system for the tile registers, once per process

}  // namespace dragoman
