#ifndef C_FAULT_VFS_H
#define C_FAULT_VFS_H

#include <sqlite3.h>

/// What SQLite is about to do, or has done, to a file. Numbers are shared with `DiskOperation` in FaultDisk.
enum fault_vfs_operation {
    FAULT_VFS_READ = 0,
    FAULT_VFS_WRITE = 1,
    FAULT_VFS_SYNC = 2,
    FAULT_VFS_TRUNCATE = 3,
    FAULT_VFS_OPEN = 4,
    FAULT_VFS_REMOVE = 5,
    FAULT_VFS_SYNC_FOLDER = 7,
    /// Reading through a memory map, where no error can be returned: refused, SQLite reads in the ordinary way.
    FAULT_VFS_MAP = 8,
};

/// One operation. `path` is absolute and without symbolic links (SQLite's xFullPathname has resolved it).
struct fault_vfs_step {
    enum fault_vfs_operation operation;
    const char *path;
    /// Of a read, write: the first byte. Of a truncation: the new size.
    sqlite3_int64 offset;
    /// Of a write.
    const void *bytes;
    /// Of a read, write: how many bytes.
    int amount;
};

/// The decisions are taken elsewhere; the shim only asks and obeys. All three may be called from any thread.
struct fault_vfs_hooks {
    /// The number of the disk on which the path lies, or 0: then the file is none of ours and is left to SQLite alone.
    int (*disk)(const char *path);
    /// Asked before each operation: SQLITE_OK lets it happen, any other result code is returned in its place. `amount` may be
    /// made smaller for a write that fails: so many bytes are written before the error.
    int (*before)(int disk, const struct fault_vfs_step *step, int *amount);
    /// Told after each operation that happened (of a write that was cut short: with the bytes written).
    void (*after)(int disk, const struct fault_vfs_step *step);
};

/// Puts the shim in front of SQLite's default VFS and makes it the default, for every connection opened from then on. Once
/// per process; the hooks are copied.
///
/// A sync on a watched file is reported and not carried out: what survives is what the hooks remember, and tests need no
/// real fsync.
int fault_vfs_install(const struct fault_vfs_hooks *hooks);

#endif
