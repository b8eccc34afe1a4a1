// What a loss of power leaves: synchronised bytes for certain, others by luck, page by page.
#define _GNU_SOURCE
#include "faults.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, SECTOR = 512, BUCKETS = 1024 };

// A page as it is on the disk while memory holds another one.
struct page {
    struct page *next;
    uint64_t number;
    // A synchronisation of it failed: no later one makes it durable.
    int lost;
    unsigned char bytes[PAGE];
};

struct file {
    struct file *next;
    dev_t device;
    ino_t inode;
    // Our own descriptor, never closed: closing any one of a file drops the process's locks on it.
    int fd;
    off_t durable_size;
    struct page *pages[BUCKETS];
};

enum change_kind { CREATED, MADE, RENAMED, UNLINKED };

// A change of names that no synchronisation of its directory has made durable.
struct change {
    struct change *next;
    enum change_kind kind;
    char *directory;
    char *path;
    // RENAMED: the old name.
    char *from;
    // A synchronisation of its directory failed: no later one makes it durable.
    int lost;
    // What was there before, under a name outside of the directory; NULL for nothing.
    char *stash;
};

static struct file *files;
// Latest first.
static struct change *changes;
static unsigned stash_count;
static uint64_t luck;

static uint64_t draw(uint64_t bound) {
    luck += 0x9E3779B97F4A7C15u;
    uint64_t mixed = luck;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return (mixed ^ mixed >> 31) % bound;
}

static const char *root(void) {
    static const char *path;
    if (!path) path = getenv("FAULT_ROOT");
    return path;
}

int is_watched(const char *path) {
    size_t length = root() ? strlen(root()) : 0;
    if (!length || strncmp(path, root(), length) != 0 || path[length] != '/') return 0;
    // Shared memory that SQLite makes anew after a crash, and a lock that holds nothing.
    size_t end = strlen(path);
    return !(end > 4 && strcmp(path + end - 4, "-shm") == 0);
}

static struct file *file_of(int fd) {
    struct stat state;
    if (!files || fstat(fd, &state) != 0) return NULL;
    for (struct file *file = files; file; file = file->next)
        if (file->inode == state.st_ino && file->device == state.st_dev) return file;
    return NULL;
}

int is_watched_file(int fd) { return file_of(fd) != NULL; }

static char *directory_of(const char *path) {
    char *directory = strdup(path);
    char *slash = strrchr(directory, '/');
    if (slash) *slash = 0;
    return directory;
}

static const char *stash_name(void) {
    static char name[512];
    snprintf(name, sizeof name, "%s.stash-%d-%u", root(), (int)getpid(), stash_count++);
    return name;
}

static char *stash(const char *path) {
    const char *name = stash_name();
    return link(path, name) == 0 ? strdup(name) : NULL;
}

static void remember(enum change_kind kind, const char *path, const char *from, char *stashed) {
    struct change *change = calloc(1, sizeof *change);
    change->kind = kind;
    change->directory = directory_of(path);
    change->path = strdup(path);
    change->from = from ? strdup(from) : NULL;
    change->stash = stashed;
    change->next = changes;
    changes = change;
}

void track_open(int fd, const char *path, int created) {
    struct stat state;
    if (fstat(fd, &state) != 0 || !S_ISREG(state.st_mode)) return;
    if (created) remember(CREATED, path, NULL, NULL);
    if (file_of(fd)) return;
    struct file *file = calloc(1, sizeof *file);
    char own[64];
    snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    file->fd = (int)syscall(SYS_openat, AT_FDCWD, own, O_RDWR | O_CLOEXEC, 0);
    file->device = state.st_dev;
    file->inode = state.st_ino;
    file->durable_size = state.st_size;
    file->next = files;
    files = file;
}

static void save(struct file *file, uint64_t number) {
    struct page **bucket = &file->pages[number % BUCKETS];
    for (struct page *page = *bucket; page; page = page->next)
        if (page->number == number) {
            // Written again, so the next synchronisation takes it again.
            page->lost = 0;
            return;
        }
    struct page *page = calloc(1, sizeof *page);
    page->number = number;
    if (pread(file->fd, page->bytes, PAGE, (off_t)number * PAGE) < 0) memset(page->bytes, 0, PAGE);
    page->next = *bucket;
    *bucket = page;
}

static void save_range(struct file *file, off_t start, off_t end) {
    for (off_t number = start / PAGE; number * PAGE < end; number++) save(file, (uint64_t)number);
}

void track_write(int fd, off_t offset, size_t length) {
    struct file *file = file_of(fd);
    if (file) save_range(file, offset, offset + (off_t)length);
}

// Shortening loses bytes that are on the disk until the next synchronisation. Holes read as zeros anyway.
void track_truncate(int fd, off_t size) {
    struct file *file = file_of(fd);
    struct stat state;
    if (!file || fstat(fd, &state) != 0) return;
    off_t offset = size;
    while (offset < state.st_size) {
        off_t data = lseek(file->fd, offset, SEEK_DATA);
        if (data < 0) break;
        off_t hole = lseek(file->fd, data, SEEK_HOLE);
        if (hole < 0 || hole > state.st_size) hole = state.st_size;
        save_range(file, data, hole);
        offset = hole;
    }
}

static void settle(struct file *file, int all) {
    struct stat state;
    if (fstat(file->fd, &state) == 0) file->durable_size = state.st_size;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        struct page **link = &file->pages[bucket];
        while (*link) {
            struct page *page = *link;
            if (page->lost && !all) {
                link = &page->next;
                continue;
            }
            *link = page->next;
            free(page);
        }
    }
}

static void settle_names(const char *directory) {
    struct change **link = &changes;
    while (*link) {
        struct change *change = *link;
        if (directory && (change->lost || strcmp(change->directory, directory) != 0)) {
            link = &change->next;
            continue;
        }
        *link = change->next;
        if (change->stash) syscall(SYS_unlink, change->stash);
        free(change->directory);
        free(change->path);
        free(change->from);
        free(change->stash);
        free(change);
    }
}

static const char *path_of(int fd) {
    static char path[4096];
    char own[64];
    snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(own, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    return path;
}

void track_sync(int fd) {
    struct file *file = file_of(fd);
    if (file) return settle(file, 0);
    settle_names(path_of(fd));
}

void track_sync_lost(int fd) {
    struct file *file = file_of(fd);
    if (!file) {
        const char *directory = path_of(fd);
        for (struct change *change = changes; change; change = change->next)
            if (strcmp(change->directory, directory) == 0) change->lost = 1;
        return;
    }
    for (int bucket = 0; bucket < BUCKETS; bucket++)
        for (struct page *page = file->pages[bucket]; page; page = page->next) page->lost = 1;
}

void track_sync_all(void) {
    for (struct file *file = files; file; file = file->next) settle(file, 1);
    settle_names(NULL);
}

void track_mkdir(const char *path) { remember(MADE, path, NULL, NULL); }
void track_rename(const char *from, const char *to) { remember(RENAMED, to, from, stash(to)); }
void track_unlink(const char *path) { remember(UNLINKED, path, NULL, stash(path)); }

// A page is kept, lost, or torn between two of its sectors.
static void decide(struct file *file, struct page *page) {
    unsigned char now[PAGE] = {0};
    uint64_t luck_of_page = page->lost ? 0 : draw(3);
    if (luck_of_page == 1) return;
    if (pread(file->fd, now, PAGE, (off_t)page->number * PAGE) < 0) return;
    size_t kept = luck_of_page == 2 ? SECTOR * draw(PAGE / SECTOR) : 0;
    memcpy(now + kept, page->bytes + kept, PAGE - kept);
    syscall(SYS_pwrite64, file->fd, now, PAGE, (off_t)page->number * PAGE);
}

static void cut_file(struct file *file) {
    struct stat state;
    if (file->fd < 0 || fstat(file->fd, &state) != 0) return;
    off_t size = draw(2) ? state.st_size : file->durable_size;
    for (int bucket = 0; bucket < BUCKETS; bucket++)
        for (struct page *page = file->pages[bucket]; page; page = page->next) decide(file, page);
    syscall(SYS_ftruncate, file->fd, size);
}

static void undo(struct change *change) {
    switch (change->kind) {
        case CREATED: syscall(SYS_unlink, change->path); break;
        // With everything in it, synchronised or not: nobody finds it any more.
        case MADE: syscall(SYS_rename, change->path, stash_name()); break;
        case RENAMED:
            syscall(SYS_rename, change->path, change->from);
            if (change->stash) syscall(SYS_rename, change->stash, change->path);
            break;
        case UNLINKED:
            if (change->stash) syscall(SYS_rename, change->stash, change->path);
            break;
    }
}

void cut_power(uint64_t seed) {
    luck = seed;
    for (struct file *file = files; file; file = file->next) cut_file(file);
    // File systems keep the order of names: what is lost is the end of the story.
    unsigned count = 0;
    for (struct change *change = changes; change; change = change->next) count++;
    uint64_t lost = count ? draw(count + 1) : 0;
    unsigned index = 0;
    for (struct change *change = changes; change; change = change->next) {
        index++;
        if (change->lost && lost < index) lost = index;
    }
    for (struct change *change = changes; change; change = change->next) {
        if (lost == 0) {
            if (change->stash) syscall(SYS_unlink, change->stash);
            continue;
        }
        undo(change);
        lost--;
    }
}
