#pragma once
#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast of -1, which Swift does not import: SQLite copies the bytes before it returns.
static inline int lt_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, count ? bytes : "", count, SQLITE_TRANSIENT);
}

static inline int lt_bind_text(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_text(statement, index, count ? (const char *)bytes : "", count, SQLITE_TRANSIENT);
}

// Tells after each commit how many pages stand in the write-ahead log. It takes the place of SQLite's own hook,
// which copies the log and passes over every error of that.
static inline int lt_note_log_pages(void *pages, sqlite3 *database, const char *name, int count) {
    (void)database;
    (void)name;
    *(int *)pages = count;
    return SQLITE_OK;
}
static inline void lt_watch_log(sqlite3 *database, int *pages) {
    sqlite3_wal_hook(database, lt_note_log_pages, pages);
}

// Counts xSync, so that "two syncs for a batch" is a figure and not a belief: a VFS that is the default one
// but for that. Each of its files gets a copy of the table of methods that it had.
enum { LT_METHODS_MAX = 16 };
struct lt_sync_counter {
    sqlite3_int64 count;
    sqlite3_vfs counting;
    sqlite3_vfs *real;
    const sqlite3_io_methods *real_methods[LT_METHODS_MAX];
    sqlite3_io_methods counting_methods[LT_METHODS_MAX];
};

// Inside of a function, because Swift emits no variables of a header by themselves.
static inline struct lt_sync_counter *lt_sync_counter(void) {
    static struct lt_sync_counter counter;
    return &counter;
}

static inline int lt_counting_sync(sqlite3_file *file, int flags) {
    struct lt_sync_counter *counter = lt_sync_counter();
    __atomic_fetch_add(&counter->count, 1, __ATOMIC_RELAXED);
    return counter->real_methods[file->pMethods - counter->counting_methods]->xSync(file, flags);
}

static inline int lt_counting_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    struct lt_sync_counter *counter = lt_sync_counter();
    (void)vfs;
    int code = counter->real->xOpen(counter->real, name, file, flags, out);
    if (code != SQLITE_OK || file->pMethods == 0) return code;
    sqlite3_mutex *mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS1);
    sqlite3_mutex_enter(mutex);
    const sqlite3_io_methods *methods = file->pMethods;
    int place = 0;
    while (place < LT_METHODS_MAX && counter->real_methods[place]
           && counter->real_methods[place] != methods) place++;
    if (place < LT_METHODS_MAX) {
        if (!counter->real_methods[place]) {
            counter->counting_methods[place] = *methods;
            counter->counting_methods[place].xSync = lt_counting_sync;
            counter->real_methods[place] = methods;
        }
        file->pMethods = &counter->counting_methods[place];
    }
    sqlite3_mutex_leave(mutex);
    return code;
}

// To be called once, before the first connection is opened.
static inline void lt_count_syncs(void) {
    struct lt_sync_counter *counter = lt_sync_counter();
    counter->real = sqlite3_vfs_find(0);
    if (counter->real == 0) return;
    counter->counting = *counter->real;
    counter->counting.zName = "lienthong";
    counter->counting.pNext = 0;
    counter->counting.xOpen = lt_counting_open;
    sqlite3_vfs_register(&counter->counting, 1);
}

static inline sqlite3_int64 lt_syncs(void) {
    return __atomic_load_n(&lt_sync_counter()->count, __ATOMIC_RELAXED);
}
