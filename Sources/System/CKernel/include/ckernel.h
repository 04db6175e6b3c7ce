// The few calls of Linux that the C library has no function for, or none that Swift can call. Like the system's own they return -1
// and set errno; elsewhere than on Linux they fail with ENOSYS.
#ifndef CKERNEL_H
#define CKERNEL_H

#include <stddef.h>

/// Loads a module from an open file: finit_module(2), without parameters and flags.
int ckernel_load_module(int descriptor);

/// Unloads a module without waiting: delete_module(2) with O_NONBLOCK.
int ckernel_unload_module(const char *name);

/// Makes a file that lies in memory alone and can be sealed: memfd_create(2).
int ckernel_memory_file(const char *name);

/// Takes away the possibility to change such a file ever again: fcntl(2), F_ADD_SEALS.
int ckernel_seal(int descriptor);

/// Whether this process may load modules: whether CAP_SYS_MODULE is among its effective capabilities.
int ckernel_may_load_modules(void);

#endif
