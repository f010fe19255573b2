#ifndef HELIOGRAPH_CCHECKSUM_H
#define HELIOGRAPH_CCHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has instructions for CRC-32C (x86-64: SSE 4.2; AArch64: the CRC32 extension, if the build
/// may assume it). The answer never changes while the process runs.
bool heliograph_crc32c_has_instructions(void);

/// The CRC-32C register after `count` more bytes. The caller inverts it before the first and after the last call.
/// May be called only where `heliograph_crc32c_has_instructions` answers true. Reads exactly bytes[0 ..< count].
uint32_t heliograph_crc32c_extend(uint32_t state, const uint8_t *bytes, size_t count);

#endif
