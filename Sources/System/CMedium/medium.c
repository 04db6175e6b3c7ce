#define _GNU_SOURCE
#include "cmedium.h"

#include <errno.h>

#ifdef __linux__

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

// From <linux/magic.h>.
#define EXT_MAGIC 0xEF53
#define XFS_MAGIC 0x58465342
#define BTRFS_MAGIC 0x9123683E
#define TMPFS_MAGIC 0x01021994

int cmedium_flush_file_system(int descriptor) {
    struct statfs status;
    int failed;
    do failed = fstatfs(descriptor, &status);
    while (failed && errno == EINTR);
    if (failed) return -1;
    // Not FUSE, for one: its server is not told of syncfs(2).
    switch ((unsigned)status.f_type) {
    case EXT_MAGIC:
    case XFS_MAGIC:
    case BTRFS_MAGIC:
    case TMPFS_MAGIC: return syncfs(descriptor);
    default: errno = ENOTSUP; return -1;
    }
}

int cmedium_check(int descriptor) { return sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE); }

#else

int cmedium_flush_file_system(int descriptor) {
    (void)descriptor;
    errno = ENOTSUP;
    return -1;
}

int cmedium_check(int descriptor) {
    (void)descriptor;
    errno = ENOTSUP;
    return -1;
}

#endif
