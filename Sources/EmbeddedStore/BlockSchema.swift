/// The tables of a block of format 2 or 3; `docs/formats/block.md` says what they mean.
enum BlockSchema {
    /// What a block without histograms and start timestamps is.
    static let formatVersion: Int64 = 2
    /// With the table `detail`.
    static let detailedFormatVersion: Int64 = 3
    /// `PRAGMA application_id`, which `file` shows: "HGbl".
    static let applicationID = 0x4847_626c

    /// A series' chunks have consecutive ids from `series id << chunkBits`, in order of time. No block is longer than a day,
    /// and 2,048 chunks of 65,535 samples hold a day of milliseconds.
    static let chunkBits: Int64 = 11
    static let chunksPerSeries: Int64 = 1 << chunkBits

    static let tables = """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
        CREATE TABLE window(start INTEGER PRIMARY KEY, through INTEGER NOT NULL);
        CREATE TABLE timeline(
            id INTEGER PRIMARY KEY, t_min INTEGER NOT NULL, t_max INTEGER NOT NULL, count INTEGER NOT NULL,
            seal INTEGER NOT NULL, data BLOB NOT NULL);
        CREATE TABLE chunk(
            id INTEGER PRIMARY KEY, timeline INTEGER NOT NULL, seal INTEGER NOT NULL, data BLOB NOT NULL);
        CREATE TABLE statistics(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
        CREATE TABLE event(
            id INTEGER PRIMARY KEY, t INTEGER NOT NULL, severity TEXT, source_id TEXT, metric_name TEXT,
            labels TEXT NOT NULL, value REAL, message TEXT, seal INTEGER NOT NULL);
        CREATE TABLE label_name(
            id INTEGER PRIMARY KEY, name TEXT NOT NULL, first_label INTEGER NOT NULL, last_label INTEGER NOT NULL,
            series BLOB NOT NULL);
        CREATE TABLE label(id INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL, series BLOB NOT NULL);
        CREATE TABLE series(id INTEGER PRIMARY KEY, labels TEXT NOT NULL, seal INTEGER NOT NULL);
        """

    /// Only in blocks that have any.
    static let detailTable = "CREATE TABLE detail(id INTEGER PRIMARY KEY, data BLOB NOT NULL)"

    /// For people with `sqlite3`.
    static func views(withDetails: Bool) -> String {
        let timeline = withDetails ? "max(chunk.timeline, ~chunk.timeline)" : "chunk.timeline"
        return """
            CREATE VIEW series_labels(id, labels) AS
                SELECT id, (SELECT json_group_object(name, label.value)
                            FROM json_each(series.labels) AS part JOIN label ON label.id = part.value)
                FROM series;
            CREATE VIEW chunks(series_id, number, t_min, t_max, count, bytes) AS
                SELECT chunk.id >> \(chunkBits), chunk.id & \(chunksPerSeries - 1), t_min, t_max, count, length(chunk.data)
                FROM chunk JOIN timeline ON timeline.id = \(timeline);
            """
    }

    /// The timeline's id as a chunk has it: its complement if there is a row of `detail` for the chunk, so that a plain chunk
    /// has no room for that, and the seal covers it.
    static func storedTimeline(_ id: Int64, hasDetails: Bool) -> Int64 { hasDetails ? ~id : id }

    /// Reverses `storedTimeline`.
    @inline(__always)
    static func timeline(_ stored: Int64) -> (id: Int64, hasDetails: Bool) {
        stored >= 0 ? (stored, false) : (~stored, true)
    }

    enum Key {
        static let format = "format"
        static let from = "from"
        static let to = "to"
        static let through = "through_offset"
        static let generation = "generation"
        static let series = "series"
        static let samples = "samples"
        static let chunks = "chunks"
        static let events = "events"
        static let timelines = "timelines"
        static let labels = "labels"
        /// Rows of `detail`, and how many of the samples are histograms; not there if there is no such table.
        static let details = "details"
        static let histograms = "histograms"
        static let deletedThrough = "deleted_through"
        /// 0 for a block of samples, else the length of a rollup's buckets in milliseconds.
        static let tier = "tier"
        static let replaces = "replaces"
        static let seal = "seal"
    }
}
