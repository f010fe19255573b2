// The dashboard's files as bytes of the binary, with C23's #embed
// (https://www.open-std.org/jtc1/sc22/wg14/www/docs/n3017.htm).
// Clang lists an embedded file among the object's dependencies, so an edit of one rebuilds this file.
// dygraphs (MIT licence) comes from Debian's package libjs-dygraphs.

#include "dashboard_assets.h"

// SwiftPM compiles C in an older mode than C23, where clang takes #embed as an extension.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char alerts_js[] = {
#embed "web/alerts.js"
};
static const unsigned char api_js[] = {
#embed "web/api.js"
};
static const unsigned char base_css[] = {
#embed "web/base.css"
};
static const unsigned char chart_tip_js[] = {
#embed "web/chart-tip.js"
};
static const unsigned char chart_js[] = {
#embed "web/chart.js"
};
static const unsigned char charts_css[] = {
#embed "web/charts.css"
};
static const unsigned char clock_js[] = {
#embed "web/clock.js"
};
static const unsigned char completion_js[] = {
#embed "web/completion.js"
};
static const unsigned char dom_js[] = {
#embed "web/dom.js"
};
static const unsigned char events_js[] = {
#embed "web/events.js"
};
static const unsigned char exemplars_js[] = {
#embed "web/exemplars.js"
};
static const unsigned char explore_js[] = {
#embed "web/explore.js"
};
static const unsigned char format_js[] = {
#embed "web/format.js"
};
static const unsigned char header_css[] = {
#embed "web/header.css"
};
static const unsigned char health_js[] = {
#embed "web/health.js"
};
static const unsigned char hover_js[] = {
#embed "web/hover.js"
};
static const unsigned char index_html[] = {
#embed "web/index.html"
};
static const unsigned char kpi_table_js[] = {
#embed "web/kpi-table.js"
};
static const unsigned char legend_js[] = {
#embed "web/legend.js"
};
static const unsigned char lists_css[] = {
#embed "web/lists.css"
};
static const unsigned char live_js[] = {
#embed "web/live.js"
};
static const unsigned char main_js[] = {
#embed "web/main.js"
};
static const unsigned char mark_svg[] = {
#embed "web/mark.svg"
};
static const unsigned char palette_js[] = {
#embed "web/palette.js"
};
static const unsigned char panel_js[] = {
#embed "web/panel.js"
};
static const unsigned char poll_js[] = {
#embed "web/poll.js"
};
static const unsigned char pipeline_js[] = {
#embed "web/pipeline.js"
};
static const unsigned char popover_js[] = {
#embed "web/popover.js"
};
static const unsigned char promql_js[] = {
#embed "web/promql.js"
};
static const unsigned char range_picker_js[] = {
#embed "web/range-picker.js"
};
static const unsigned char range_query_js[] = {
#embed "web/range-query.js"
};
static const unsigned char receivers_js[] = {
#embed "web/receivers.js"
};
static const unsigned char sign_in_js[] = {
#embed "web/sign-in.js"
};
static const unsigned char source_filter_js[] = {
#embed "web/source-filter.js"
};
static const unsigned char sparkline_js[] = {
#embed "web/sparkline.js"
};
static const unsigned char state_js[] = {
#embed "web/state.js"
};
static const unsigned char targets_css[] = {
#embed "web/targets.css"
};
static const unsigned char targets_js[] = {
#embed "web/targets.js"
};
static const unsigned char theme_early_js[] = {
#embed "web/theme-early.js"
};
static const unsigned char theme_js[] = {
#embed "web/theme.js"
};
static const unsigned char tiles_js[] = {
#embed "web/tiles.js"
};
static const unsigned char welcome_js[] = {
#embed "web/welcome.js"
};
static const unsigned char armed_button_js[] = {
#embed "web/armed-button.js"
};
static const unsigned char bulk_actions_js[] = {
#embed "web/bulk-actions.js"
};
static const unsigned char dead_letters_css[] = {
#embed "web/dead-letters.css"
};
static const unsigned char dead_letters_html[] = {
#embed "web/dead-letters.html"
};
static const unsigned char dead_letters_js[] = {
#embed "web/dead-letters.js"
};
static const unsigned char letter_detail_js[] = {
#embed "web/letter-detail.js"
};
static const unsigned char letter_filter_js[] = {
#embed "web/letter-filter.js"
};
static const unsigned char dygraph_min_js[] = {
#embed "/usr/share/javascript/dygraphs/dygraph.min.js"
};
static const unsigned char dygraph_css[] = {
#embed "/usr/share/javascript/dygraphs/dygraph.css"
};
static const unsigned char fleet_json[] = {
#embed "../../dashboards/fleet.json"
};

#define ASSET(symbol, name) {name, symbol, sizeof symbol}

static const struct dashboard_asset assets[] = {
    ASSET(alerts_js, "alerts.js"),
    ASSET(api_js, "api.js"),
    ASSET(base_css, "base.css"),
    ASSET(chart_tip_js, "chart-tip.js"),
    ASSET(chart_js, "chart.js"),
    ASSET(charts_css, "charts.css"),
    ASSET(clock_js, "clock.js"),
    ASSET(completion_js, "completion.js"),
    ASSET(dom_js, "dom.js"),
    ASSET(events_js, "events.js"),
    ASSET(exemplars_js, "exemplars.js"),
    ASSET(explore_js, "explore.js"),
    ASSET(format_js, "format.js"),
    ASSET(header_css, "header.css"),
    ASSET(health_js, "health.js"),
    ASSET(hover_js, "hover.js"),
    ASSET(index_html, "index.html"),
    ASSET(kpi_table_js, "kpi-table.js"),
    ASSET(legend_js, "legend.js"),
    ASSET(lists_css, "lists.css"),
    ASSET(live_js, "live.js"),
    ASSET(main_js, "main.js"),
    ASSET(mark_svg, "mark.svg"),
    ASSET(palette_js, "palette.js"),
    ASSET(panel_js, "panel.js"),
    ASSET(poll_js, "poll.js"),
    ASSET(pipeline_js, "pipeline.js"),
    ASSET(popover_js, "popover.js"),
    ASSET(promql_js, "promql.js"),
    ASSET(range_picker_js, "range-picker.js"),
    ASSET(range_query_js, "range-query.js"),
    ASSET(receivers_js, "receivers.js"),
    ASSET(sign_in_js, "sign-in.js"),
    ASSET(source_filter_js, "source-filter.js"),
    ASSET(sparkline_js, "sparkline.js"),
    ASSET(state_js, "state.js"),
    ASSET(targets_css, "targets.css"),
    ASSET(targets_js, "targets.js"),
    ASSET(theme_early_js, "theme-early.js"),
    ASSET(theme_js, "theme.js"),
    ASSET(tiles_js, "tiles.js"),
    ASSET(welcome_js, "welcome.js"),
    ASSET(armed_button_js, "armed-button.js"),
    ASSET(bulk_actions_js, "bulk-actions.js"),
    ASSET(dead_letters_css, "dead-letters.css"),
    ASSET(dead_letters_html, "dead-letters.html"),
    ASSET(dead_letters_js, "dead-letters.js"),
    ASSET(letter_detail_js, "letter-detail.js"),
    ASSET(letter_filter_js, "letter-filter.js"),
    ASSET(dygraph_min_js, "dygraph.min.js"),
    ASSET(dygraph_css, "dygraph.css"),
    ASSET(fleet_json, "fleet.json"),
};

size_t dashboard_asset_count(void) { return sizeof assets / sizeof assets[0]; }

const struct dashboard_asset *dashboard_asset_at(size_t index) {
    return index < dashboard_asset_count() ? &assets[index] : NULL;
}
