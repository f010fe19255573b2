/* libFuzzer as a library (compiler-rt/lib/fuzzer/FuzzerInterface.h has no declaration of it for users;
   https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library). */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*feed)(const uint8_t *start, size_t count_of_bytes));
