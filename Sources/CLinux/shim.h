#pragma once
// Linux calls that Swift's Glibc module does not show.
//
// Without _GNU_SOURCE, on purpose: with it, C types such as fd_set get other members than Swift's own Glibc
// module sees, and no file could import both. GNU-only functions are declared at the end.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <stdio.h>
#include <dirent.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>
#include <sys/prctl.h>

// prctl is variadic; the name is cut to 15 bytes by the kernel.
static inline void lt_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

// glibc's own: <malloc.h> is in no module of Swift's. A heap that shrinks with each letter and grows with the
// next one costs a page fault for every 4 KiB; so up to 16 MiB of each heap stay, and only what is larger than
// 1 MiB is mapped by itself.
extern int mallopt(int parameter, int value);
extern int malloc_trim(size_t padding);
static inline void lt_keep_heaps(void) {
    mallopt(-1 /* M_TRIM_THRESHOLD */, 16 << 20);
    mallopt(-3 /* M_MMAP_THRESHOLD */, 1 << 20);
}

// `errno` is a macro, which Swift does not import.
static inline int lt_errno(void) { return errno; }

// `readdir` returns NULL for the end and for an error; only `errno` tells which, and only if it was 0 before.
static inline struct dirent *lt_readdir(DIR *directory) {
    errno = 0;
    return readdir(directory);
}

// Variadic in C, which Swift cannot call.
static inline int lt_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int lt_duplicate(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }

// CRC-32C. The processor's own instruction does 8 bytes at a time; the table is for processors without it.
static inline uint32_t lt_crc32c_portable(uint32_t crc, const uint8_t *bytes, size_t count) {
    static const uint32_t nibbles[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = nibbles[crc & 15] ^ (crc >> 4);
        crc = nibbles[crc & 15] ^ (crc >> 4);
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2")))
static inline uint32_t lt_crc32c_hardware(uint32_t crc, const uint8_t *bytes, size_t count) {
    uint64_t wide = crc;
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; count > 0; bytes++, count--) crc = __builtin_ia32_crc32qi(crc, *bytes);
    return crc;
}

static inline uint32_t lt_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return __builtin_cpu_supports("sse4.2") ? lt_crc32c_hardware(crc, bytes, count)
                                            : lt_crc32c_portable(crc, bytes, count);
}
#else
static inline uint32_t lt_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return lt_crc32c_portable(crc, bytes, count);
}
#endif

extern int sync_file_range(int descriptor, off_t offset, off_t count, unsigned int flags);
static const unsigned int LT_SYNC_FILE_RANGE_WRITE = 2;
extern int syncfs(int descriptor);

struct sockaddr;
extern int accept4(int socket, struct sockaddr *address, unsigned int *length, int flags);
