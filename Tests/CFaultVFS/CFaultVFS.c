#include "CFaultVFS.h"

#include <stddef.h>
#include <string.h>

// https://sqlite.org/c3ref/vfs.html, https://sqlite.org/c3ref/io_methods.html: a shim that forwards to the VFS it replaces.

static struct fault_vfs_hooks hooks;
static sqlite3_vfs *real;

/// The real file lies right behind, in the same allocation.
struct fault_file {
    sqlite3_file base;
    int disk;
    /// SQLite's unix VFS syncs the folder along with the first sync of a journal that it may have made (os_unix.c, DIRSYNC).
    int syncs_folder;
    /// Valid until xClose (https://sqlite.org/c3ref/vfs.html).
    const char *path;
};

static sqlite3_file *inner(sqlite3_file *file) { return (sqlite3_file *)((struct fault_file *)file + 1); }

static int before(int disk, const struct fault_vfs_step *step, int *amount) { return hooks.before(disk, step, amount); }

static struct fault_vfs_step step_of(sqlite3_file *file, enum fault_vfs_operation operation) {
    struct fault_vfs_step step = {0};
    step.operation = operation;
    step.path = ((struct fault_file *)file)->path;
    return step;
}

static int file_close(sqlite3_file *file) { return inner(file)->pMethods->xClose(inner(file)); }

static int file_read(sqlite3_file *file, void *bytes, int amount, sqlite3_int64 offset) {
    struct fault_vfs_step step = step_of(file, FAULT_VFS_READ);
    step.offset = offset;
    step.amount = amount;
    int code = before(((struct fault_file *)file)->disk, &step, &amount);
    if (code != SQLITE_OK) return code;
    return inner(file)->pMethods->xRead(inner(file), bytes, step.amount, offset);
}

static int file_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset) {
    int disk = ((struct fault_file *)file)->disk;
    struct fault_vfs_step step = step_of(file, FAULT_VFS_WRITE);
    step.offset = offset;
    step.bytes = bytes;
    step.amount = amount;
    int allowed = amount;
    int code = before(disk, &step, &allowed);
    if (code == SQLITE_OK) allowed = amount;
    if (allowed > 0) {
        int written = inner(file)->pMethods->xWrite(inner(file), bytes, allowed, offset);
        if (written != SQLITE_OK) return written;
        step.amount = allowed;
        hooks.after(disk, &step);
    }
    return code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    int disk = ((struct fault_file *)file)->disk;
    struct fault_vfs_step step = step_of(file, FAULT_VFS_TRUNCATE);
    step.offset = size;
    int code = before(disk, &step, &step.amount);
    if (code != SQLITE_OK) return code;
    code = inner(file)->pMethods->xTruncate(inner(file), size);
    if (code == SQLITE_OK) hooks.after(disk, &step);
    return code;
}

static int file_sync(sqlite3_file *file, int flags) {
    struct fault_file *self = (struct fault_file *)file;
    (void)flags;
    struct fault_vfs_step step = step_of(file, FAULT_VFS_SYNC);
    int code = before(self->disk, &step, &step.amount);
    if (code != SQLITE_OK) return code;
    hooks.after(self->disk, &step);
    if (self->syncs_folder) {
        // Tried once, and a failure passed over, as in os_unix.c.
        self->syncs_folder = 0;
        step.operation = FAULT_VFS_SYNC_FOLDER;
        if (before(self->disk, &step, &step.amount) == SQLITE_OK) hooks.after(self->disk, &step);
    }
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    return inner(file)->pMethods->xFileSize(inner(file), size);
}
static int file_lock(sqlite3_file *file, int level) { return inner(file)->pMethods->xLock(inner(file), level); }
static int file_unlock(sqlite3_file *file, int level) { return inner(file)->pMethods->xUnlock(inner(file), level); }
static int file_check_lock(sqlite3_file *file, int *result) {
    return inner(file)->pMethods->xCheckReservedLock(inner(file), result);
}
static int file_control(sqlite3_file *file, int operation, void *argument) {
    return inner(file)->pMethods->xFileControl(inner(file), operation, argument);
}
static int file_sector_size(sqlite3_file *file) { return inner(file)->pMethods->xSectorSize(inner(file)); }
static int file_characteristics(sqlite3_file *file) {
    return inner(file)->pMethods->xDeviceCharacteristics(inner(file));
}

// The WAL index is shared memory: nobody expects it to survive, so nobody watches it.
static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **memory) {
    return inner(file)->pMethods->xShmMap(inner(file), region, size, extend, memory);
}
static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return inner(file)->pMethods->xShmLock(inner(file), offset, count, flags);
}
static void file_shm_barrier(sqlite3_file *file) { inner(file)->pMethods->xShmBarrier(inner(file)); }
static int file_shm_unmap(sqlite3_file *file, int remove) {
    return inner(file)->pMethods->xShmUnmap(inner(file), remove);
}

static int file_fetch(sqlite3_file *file, sqlite3_int64 offset, int amount, void **memory) {
    struct fault_vfs_step step = step_of(file, FAULT_VFS_MAP);
    *memory = NULL;
    if (before(((struct fault_file *)file)->disk, &step, &step.amount) != SQLITE_OK) return SQLITE_OK;
    return inner(file)->pMethods->xFetch(inner(file), offset, amount, memory);
}
static int file_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *memory) {
    return inner(file)->pMethods->xUnfetch(inner(file), offset, memory);
}

#define METHODS(version)                                                                                            \
    {                                                                                                               \
        version, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock,    \
            file_check_lock, file_control, file_sector_size, file_characteristics, file_shm_map, file_shm_lock,     \
            file_shm_barrier, file_shm_unmap, file_fetch, file_unfetch                                              \
    }
/// By version: SQLite calls only what the version says is there.
static const sqlite3_io_methods methods[3] = {METHODS(1), METHODS(2), METHODS(3)};

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    int disk = path ? hooks.disk(path) : 0;
    if (disk == 0) return real->xOpen(real, path, file, flags, out_flags);
    struct fault_file *self = (struct fault_file *)file;
    memset(self, 0, sizeof *self);
    self->disk = disk;
    self->path = path;
    struct fault_vfs_step step = step_of(file, FAULT_VFS_OPEN);
    int code = before(disk, &step, &step.amount);
    if (code != SQLITE_OK) return code;
    code = real->xOpen(real, path, inner(file), flags, out_flags);
    if (inner(file)->pMethods) {
        int version = inner(file)->pMethods->iVersion;
        self->base.pMethods = &methods[(version > 3 ? 3 : version) - 1];
    }
    if (code != SQLITE_OK) return code;
    self->syncs_folder = (flags & SQLITE_OPEN_CREATE)
        && (flags & (SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL));
    hooks.after(disk, &step);
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder) {
    (void)vfs;
    int disk = hooks.disk(path);
    if (disk == 0) return real->xDelete(real, path, sync_folder);
    struct fault_vfs_step step = {0};
    step.operation = FAULT_VFS_REMOVE;
    step.path = path;
    int code = before(disk, &step, &step.amount);
    if (code != SQLITE_OK) return code;
    code = real->xDelete(real, path, 0);
    if (code != SQLITE_OK) return code;
    hooks.after(disk, &step);
    if (!sync_folder) return SQLITE_OK;
    step.operation = FAULT_VFS_SYNC_FOLDER;
    code = before(disk, &step, &step.amount);
    if (code != SQLITE_OK) return SQLITE_IOERR_DIR_FSYNC;
    hooks.after(disk, &step);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *result) {
    (void)vfs;
    return real->xAccess(real, path, flags, result);
}
static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out) {
    (void)vfs;
    return real->xFullPathname(real, path, size, out);
}
static void *vfs_dl_open(sqlite3_vfs *vfs, const char *path) {
    (void)vfs;
    return real->xDlOpen(real, path);
}
static void vfs_dl_error(sqlite3_vfs *vfs, int size, char *message) {
    (void)vfs;
    real->xDlError(real, size, message);
}
static void (*vfs_dl_symbol(sqlite3_vfs *vfs, void *library, const char *symbol))(void) {
    (void)vfs;
    return real->xDlSym(real, library, symbol);
}
static void vfs_dl_close(sqlite3_vfs *vfs, void *library) {
    (void)vfs;
    real->xDlClose(real, library);
}
static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs;
    return real->xRandomness(real, size, out);
}
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return real->xSleep(real, microseconds);
}
static int vfs_current_time(sqlite3_vfs *vfs, double *time) {
    (void)vfs;
    return real->xCurrentTime(real, time);
}
static int vfs_last_error(sqlite3_vfs *vfs, int size, char *message) {
    (void)vfs;
    return real->xGetLastError(real, size, message);
}
static int vfs_current_time64(sqlite3_vfs *vfs, sqlite3_int64 *time) {
    (void)vfs;
    return real->xCurrentTimeInt64(real, time);
}

int fault_vfs_install(const struct fault_vfs_hooks *new_hooks) {
    // Static: SQLite keeps the pointer for the life of the process.
    static sqlite3_vfs shim;
    hooks = *new_hooks;
    int code = sqlite3_initialize();
    if (code != SQLITE_OK) return code;
    real = sqlite3_vfs_find(NULL);
    if (!real) return SQLITE_ERROR;
    shim.iVersion = real->iVersion < 2 ? real->iVersion : 2;
    shim.szOsFile = (int)sizeof(struct fault_file) + real->szOsFile;
    shim.mxPathname = real->mxPathname;
    shim.zName = "heliograph-faults";
    shim.xOpen = vfs_open;
    shim.xDelete = vfs_delete;
    shim.xAccess = vfs_access;
    shim.xFullPathname = vfs_full_path;
    shim.xDlOpen = vfs_dl_open;
    shim.xDlError = vfs_dl_error;
    shim.xDlSym = vfs_dl_symbol;
    shim.xDlClose = vfs_dl_close;
    shim.xRandomness = vfs_randomness;
    shim.xSleep = vfs_sleep;
    shim.xCurrentTime = vfs_current_time;
    shim.xGetLastError = vfs_last_error;
    shim.xCurrentTimeInt64 = vfs_current_time64;
    return sqlite3_vfs_register(&shim, 1);
}
