#ifndef HELIOGRAPH_DASHBOARD_ASSETS_H
#define HELIOGRAPH_DASHBOARD_ASSETS_H

#include <stddef.h>

/// One file of the dashboard, linked into the binary.
struct dashboard_asset {
    /// The file's name as the browser asks for it ("main.js"). NUL-terminated, lives as long as the process.
    const char *name;
    /// `length` bytes, read-only, not NUL-terminated; live as long as the process.
    const unsigned char *bytes;
    size_t length;
};

/// How many assets there are.
size_t dashboard_asset_count(void);

/// The asset at `index`, or NULL when `index` is not below `dashboard_asset_count()`.
const struct dashboard_asset *dashboard_asset_at(size_t index);

#endif
