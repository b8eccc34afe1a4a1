#pragma once
#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast of -1, which Swift does not import: SQLite copies the bytes before it returns.
static inline int lt_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, count ? bytes : "", count, SQLITE_TRANSIENT);
}

static inline int lt_bind_text(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_text(statement, index, count ? (const char *)bytes : "", count, SQLITE_TRANSIENT);
}
