#define _GNU_SOURCE
#include "ckernel.h"

#include <errno.h>

#ifdef __linux__

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#endif

// From <linux/memfd.h> and <linux/fcntl.h>, which older headers lack.
#define MEMORY_CLOSE_ON_EXEC 0x1u
#define MEMORY_MAY_SEAL 0x2u
#define MEMORY_NO_EXEC 0x8u
#define SEAL_ALL (0x1 | 0x2 | 0x4 | 0x8)

int ckernel_load_module(int descriptor) { return (int)syscall(SYS_finit_module, descriptor, "", 0); }

int ckernel_unload_module(const char *name) { return (int)syscall(SYS_delete_module, name, O_NONBLOCK); }

int ckernel_memory_file(const char *name) {
    unsigned flags = MEMORY_CLOSE_ON_EXEC | MEMORY_MAY_SEAL;
    int descriptor = (int)syscall(SYS_memfd_create, name, flags | MEMORY_NO_EXEC);
    // Kernels before 6.3 do not know the flag.
    if (descriptor < 0 && errno == EINVAL) descriptor = (int)syscall(SYS_memfd_create, name, flags);
    return descriptor;
}

int ckernel_seal(int descriptor) { return fcntl(descriptor, F_ADD_SEALS, SEAL_ALL); }

int ckernel_may_load_modules(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data) != 0) return geteuid() == 0;
    return (data[CAP_TO_INDEX(CAP_SYS_MODULE)].effective & CAP_TO_MASK(CAP_SYS_MODULE)) != 0;
}

#else

static int unknown(void) {
    errno = ENOSYS;
    return -1;
}

int ckernel_load_module(int descriptor) { return unknown(); }
int ckernel_unload_module(const char *name) { return unknown(); }
int ckernel_memory_file(const char *name) { return unknown(); }
int ckernel_seal(int descriptor) { return unknown(); }
int ckernel_may_load_modules(void) { return 0; }

#endif
