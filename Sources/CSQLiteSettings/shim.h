#include <sqlite3.h>

/// `sqlite3_config` takes any number of arguments, which Swift cannot hand over.
static inline int heliograph_sqlite_without_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
