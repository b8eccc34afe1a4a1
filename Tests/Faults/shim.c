// The calls that reach the disk, and the clock. Each watched call is one step under one lock, so that no other
// thread writes while the power goes.
#define _GNU_SOURCE
#include "faults.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct control idle;
struct control *control = &idle;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int is_lying;

__attribute__((constructor)) static void map_control(void) {
    const char *path = getenv("FAULT_CONTROL");
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
    if (fd < 0) return;
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED) control = page;
    syscall(SYS_close, fd);
}

// After a failed synchronisation the process has to end by itself; then the power goes.
void _exit(int code) {
    pthread_mutex_lock(&lock);
    int is_over = control->kind == FAULT_SYNC_LOST && control->fired;
    if (is_over || is_lying) cut_power(control->seed);
    for (;;) syscall(SYS_exit_group, code);
}

static void die(int cuts) {
    if (cuts) cut_power(control->seed);
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

enum call { WRITING, SYNCING, NAMING };

// For the person who reads the report: `pwrite hub.db-wal`.
static void describe(const char *name, int fd, const char *path) {
    char own[64], found[4096] = "";
    if (!path) {
        snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(own, found, sizeof found - 1);
        found[length > 0 ? length : 0] = 0;
        path = found;
    }
    const char *slash = strrchr(path, '/');
    snprintf(control->call, sizeof control->call, "%s %.40s", name, slash ? slash + 1 : path);
}

static int is_database(int fd) {
    char own[64], found[4096] = "";
    snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(own, found, sizeof found - 1);
    return length > 7 && strcmp(found + length - 7, "/hub.db") == 0;
}

// What shall happen to this call. Kills do not come back.
static enum fault_kind before(const char *name, int fd, const char *path, enum call call) {
    if (!control->armed) return FAULT_NONE;
    if (control->database_syncs_only && (call != SYNCING || !is_database(fd))) return FAULT_NONE;
    uint64_t number = ++control->calls;
    int is_due = number == control->at || (control->sticky && number > control->at);
    if (!is_due || !control->at) return FAULT_NONE;
    enum fault_kind kind = control->kind;
    if (kind == FAULT_SHORT && call != WRITING) return FAULT_NONE;
    if (kind == FAULT_SYNC_LOST && call != SYNCING) {
        // The next synchronisation, then.
        control->at++;
        return FAULT_NONE;
    }
    control->fired++;
    describe(name, fd, path);
    if (kind == FAULT_LYING_DISK) is_lying = 1;
    if (kind == FAULT_KILL_BEFORE || kind == FAULT_CUT_BEFORE) die(kind == FAULT_CUT_BEFORE);
    return kind;
}

static void after(enum fault_kind kind) {
    if (kind == FAULT_KILL_AFTER || kind == FAULT_CUT_AFTER) die(kind == FAULT_CUT_AFTER);
}

static int fails(enum fault_kind kind) {
    int number = kind == FAULT_ENOSPC ? ENOSPC : kind == FAULT_EIO || kind == FAULT_SYNC_LOST ? EIO : 0;
    if (number) errno = number;
    return number;
}

static long ended(enum fault_kind kind, long result) {
    int number = errno;
    after(kind);
    pthread_mutex_unlock(&lock);
    errno = number;
    return result;
}

// Locks unless the file is none of ours.
static int enter(int fd) {
    pthread_mutex_lock(&lock);
    if (is_watched_file(fd)) return 1;
    pthread_mutex_unlock(&lock);
    return 0;
}

static ssize_t write_at(int fd, const void *bytes, size_t count, off_t offset) {
    if (!enter(fd)) return syscall(SYS_pwrite64, fd, bytes, count, offset);
    enum fault_kind kind = before("pwrite", fd, NULL, WRITING);
    if (fails(kind)) return ended(FAULT_NONE, -1);
    if (kind == FAULT_SHORT && count > 1) count /= 2;
    track_write(fd, offset, count);
    return ended(kind, syscall(SYS_pwrite64, fd, bytes, count, offset));
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    return write_at(fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    return write_at(fd, bytes, count, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int part_count, off_t offset) {
    if (!enter(fd)) return syscall(SYS_pwritev, fd, parts, part_count, offset, 0);
    enum fault_kind kind = before("pwritev", fd, NULL, WRITING);
    if (fails(kind)) return ended(FAULT_NONE, -1);
    size_t total = 0;
    for (int part = 0; part < part_count; part++) total += parts[part].iov_len;
    if (kind == FAULT_SHORT && part_count > 1) part_count /= 2;
    track_write(fd, offset, total);
    return ended(kind, syscall(SYS_pwritev, fd, parts, part_count, offset, 0));
}
ssize_t pwritev64(int fd, const struct iovec *parts, int part_count, off64_t offset) {
    return pwritev(fd, parts, part_count, offset);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (!enter(fd)) return syscall(SYS_write, fd, bytes, count);
    enum fault_kind kind = before("write", fd, NULL, WRITING);
    if (fails(kind)) return ended(FAULT_NONE, -1);
    track_write(fd, lseek(fd, 0, SEEK_CUR), count);
    return ended(kind, syscall(SYS_write, fd, bytes, count));
}

int ftruncate(int fd, off_t size) {
    if (!enter(fd)) return (int)syscall(SYS_ftruncate, fd, size);
    enum fault_kind kind = before("ftruncate", fd, NULL, NAMING);
    if (fails(kind)) return (int)ended(FAULT_NONE, -1);
    track_truncate(fd, size);
    return (int)ended(kind, syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

int posix_fallocate(int fd, off_t offset, off_t length) {
    if (!enter(fd)) return syscall(SYS_fallocate, fd, 0, offset, length) == 0 ? 0 : errno;
    enum fault_kind kind = before("posix_fallocate", fd, NULL, NAMING);
    int number = fails(kind);
    if (!number && syscall(SYS_fallocate, fd, 0, offset, length) != 0) number = errno;
    return (int)ended(kind, number);
}

// Nothing goes to a real disk here: the test's own power cut decides what is durable.
static int synchronize(int fd, const char *name) {
    pthread_mutex_lock(&lock);
    struct stat state;
    int is_directory = fstat(fd, &state) == 0 && S_ISDIR(state.st_mode);
    if (!is_directory && !is_watched_file(fd)) {
        pthread_mutex_unlock(&lock);
        return (int)syscall(SYS_fdatasync, fd);
    }
    enum fault_kind kind = before(name, fd, NULL, SYNCING);
    if (kind == FAULT_SYNC_LOST) track_sync_lost(fd);
    if (fails(kind)) return (int)ended(FAULT_NONE, -1);
    if (!is_lying) track_sync(fd);
    return (int)ended(kind, 0);
}

int fsync(int fd) { return synchronize(fd, "fsync"); }
int fdatasync(int fd) { return synchronize(fd, "fdatasync"); }

int syncfs(int fd) {
    pthread_mutex_lock(&lock);
    (void)fd;
    enum fault_kind kind = before("syncfs", fd, NULL, SYNCING);
    if (fails(kind)) return (int)ended(FAULT_NONE, -1);
    if (!is_lying) track_sync_all();
    return (int)ended(kind, 0);
}

static int open_path(const char *path, int flags, mode_t mode) {
    if (!is_watched(path) || (flags & O_DIRECTORY))
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    pthread_mutex_lock(&lock);
    int is_new = (flags & O_CREAT) && syscall(SYS_access, path, F_OK) != 0;
    enum fault_kind kind = is_new ? before("open", -1, path, NAMING) : FAULT_NONE;
    if (fails(kind)) return (int)ended(FAULT_NONE, -1);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0) track_open(fd, path, is_new);
    return (int)ended(kind, fd);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open_path(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return open_path(path, flags | O_LARGEFILE, mode);
}

// The data directory's own name counts, too.
int mkdir(const char *path, mode_t mode) {
    const char *root = getenv("FAULT_ROOT");
    if (!is_watched(path) && !(root && strcmp(path, root) == 0))
        return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    pthread_mutex_lock(&lock);
    int is_new = syscall(SYS_access, path, F_OK) != 0;
    enum fault_kind kind = is_new ? before("mkdir", -1, path, NAMING) : FAULT_NONE;
    if (fails(kind)) return (int)ended(FAULT_NONE, -1);
    if (is_new) track_mkdir(path);
    return (int)ended(kind, syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

int rename(const char *from, const char *to) {
    if (!is_watched(to)) return (int)syscall(SYS_rename, from, to);
    pthread_mutex_lock(&lock);
    enum fault_kind kind = before("rename", -1, to, NAMING);
    if (fails(kind)) return (int)ended(FAULT_NONE, -1);
    track_rename(from, to);
    return (int)ended(kind, syscall(SYS_rename, from, to));
}

int unlink(const char *path) {
    if (!is_watched(path)) return (int)syscall(SYS_unlink, path);
    pthread_mutex_lock(&lock);
    enum fault_kind kind = before("unlink", -1, path, NAMING);
    if (fails(kind)) return (int)ended(FAULT_NONE, -1);
    track_unlink(path);
    return (int)ended(kind, syscall(SYS_unlink, path));
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME && result == 0) {
        int64_t shift = control->clock_milliseconds;
        int64_t nanoseconds = time->tv_nsec + shift % 1000 * 1000000;
        time->tv_sec += shift / 1000 + (nanoseconds < 0 ? -1 : nanoseconds / 1000000000);
        time->tv_nsec = (nanoseconds + 1000000000) % 1000000000;
    }
    return result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
