import Foundation
import Processes

/// A wall clock that a test moves, for processes that are started with it. Clocks that only go forward stay what they are, as when
/// somebody sets a machine's time.
struct SkewedClock: Sendable {
    /// What a process is started with.
    let environment: [String: String]
    private let file: String

    /// Compiles what takes the clock's place.
    /// - Returns: `nil` where that cannot be done.
    static func make(_ here: Surroundings) async throws -> SkewedClock? {
        #if os(Linux)
            let source = try here.file("clock.c", program)
            let library = here.path("clock.so")
            for compiler in ["clang", "cc", "gcc"] {
                let process = try here.start(
                    path: "/usr/bin/env", [compiler, "-shared", "-fPIC", "-O1", "-o", library, source])
                guard try await process.end() == .exited(0) else { continue }
                let file = here.path("clock.offset")
                try Data(count: 8).write(to: URL(fileURLWithPath: file))
                return SkewedClock(environment: ["LD_PRELOAD": library, "SOAK_CLOCK": file], file: file)
            }
        #endif
        return nil
    }

    /// Moves the clock to so many seconds after the true time, or before it.
    func set(_ seconds: Int64) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        try handle.write(contentsOf: withUnsafeBytes(of: seconds) { Data($0) })
        try handle.close()
    }

    private static let program = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static volatile long long *offset;

        __attribute__((constructor)) static void find(void) {
            const char *path = getenv("SOAK_CLOCK");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *memory = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
            if (memory != MAP_FAILED) offset = memory;
            close(file);
        }

        int clock_gettime(clockid_t clock, struct timespec *time) {
            int status = (int)syscall(SYS_clock_gettime, clock, time);
            if (status == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += *offset;
            return status;
        }

        int gettimeofday(struct timeval *restrict time, void *restrict zone) {
            struct timespec now;
            (void)zone;
            int status = clock_gettime(CLOCK_REALTIME, &now);
            time->tv_sec = now.tv_sec;
            time->tv_usec = now.tv_nsec / 1000;
            return status;
        }

        time_t time(time_t *result) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }
        """
}
