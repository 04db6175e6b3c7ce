// Bringing many files to the medium at once. Like the system's own calls these return -1 and set errno; elsewhere than on Linux they
// fail with ENOTSUP.
#ifndef CMEDIUM_H
#define CMEDIUM_H

/// Brings everything to the medium that its file system has not written yet: syncfs(2). Fails with ENOTSUP on file systems of which it
/// is not known that this promises of each file and directory what fsync(2) does.
int cmedium_flush_file_system(int descriptor);

/// Whether bytes of a file that were on their way to the medium came to harm since it was opened: sync_file_range(2).
int cmedium_check(int descriptor);

#endif
