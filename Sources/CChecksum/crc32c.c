#include "CChecksum.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>

bool heliograph_crc32c_has_instructions(void) {
    return __builtin_cpu_supports("sse4.2");
}

__attribute__((target("sse4.2")))
uint32_t heliograph_crc32c_extend(uint32_t state, const uint8_t *bytes, size_t count) {
    uint64_t sum = state;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        sum = _mm_crc32_u64(sum, word);
        bytes += 8;
        count -= 8;
    }
    uint32_t rest = (uint32_t)sum;
    while (count > 0) {
        rest = _mm_crc32_u8(rest, *bytes);
        bytes += 1;
        count -= 1;
    }
    return rest;
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

bool heliograph_crc32c_has_instructions(void) {
    return true;
}

uint32_t heliograph_crc32c_extend(uint32_t state, const uint8_t *bytes, size_t count) {
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        state = __crc32cd(state, word);
        bytes += 8;
        count -= 8;
    }
    while (count > 0) {
        state = __crc32cb(state, *bytes);
        bytes += 1;
        count -= 1;
    }
    return state;
}

#else

bool heliograph_crc32c_has_instructions(void) {
    return false;
}

uint32_t heliograph_crc32c_extend(uint32_t state, const uint8_t *bytes, size_t count) {
    (void)bytes;
    (void)count;
    return state;
}

#endif
