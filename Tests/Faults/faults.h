// A disk that fails on purpose, between a program and the C library.
//
// The library is preloaded into the real daemon, so that production code knows nothing of it. The test writes
// into a control page that both map: what shall happen, and at which call.
#pragma once
#include <stdint.h>
#include <sys/types.h>

enum fault_kind {
    FAULT_NONE = 0,
    // The process is gone before the call, or right after it.
    FAULT_KILL_BEFORE = 1,
    FAULT_KILL_AFTER = 2,
    // The power is gone: what was not synchronised is kept, torn or lost, as the seed says.
    FAULT_CUT_BEFORE = 3,
    FAULT_CUT_AFTER = 4,
    FAULT_ENOSPC = 5,
    FAULT_EIO = 6,
    // Half of the bytes are written, and the call says so.
    FAULT_SHORT = 7,
    // The call fails, and what it should have made durable is lost at the next power cut, whatever a later
    // one says: Linux marks the pages clean.
    FAULT_SYNC_LOST = 8,
    // From here on every synchronisation is a lie; the power goes at the end of the process. For showing
    // that the oracle sees it.
    FAULT_LYING_DISK = 9,
};

// The layout is known to Tests/EndToEndTests/Faults/FaultShim.swift.
struct control {
    // 0: calls pass. 1: they are counted, and the fault happens at call `at`.
    uint32_t armed;
    uint32_t kind;
    // Counted from 1 since the page was armed.
    uint64_t at;
    uint64_t calls;
    uint64_t seed;
    // Calls that the fault happened at; more than one where it is sticky.
    uint32_t fired;
    // Go on failing until disarmed, like a disk that stays full.
    uint32_t sticky;
    // Added to the wall clock.
    int64_t clock_milliseconds;
    // 1: only synchronisations of the database itself are counted, which its log is copied into.
    uint32_t database_syncs_only;
    uint32_t unused;
    // The call that the fault happened at, for the person who reads the report.
    char call[64];
};

extern struct control *control;

// powerloss.c: what is durable and what is not. All of it is called with the one lock held.

void track_open(int fd, const char *path, int created);
// Before `length` bytes at `offset` change.
void track_write(int fd, off_t offset, size_t length);
void track_truncate(int fd, off_t size);
void track_sync(int fd);
void track_sync_lost(int fd);
void track_sync_all(void);
void track_mkdir(const char *path);
void track_rename(const char *from, const char *to);
void track_unlink(const char *path);
// Keeps of what was not synchronised only what luck leaves.
void cut_power(uint64_t seed);
int is_watched(const char *path);
int is_watched_file(int fd);
