#pragma once

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's own main program as a function (FuzzerInterface.h of LLVM). */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test_one_input)(const uint8_t *data, size_t size));
