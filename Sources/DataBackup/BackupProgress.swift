/// How far long work is.
package struct BackupProgress: Sendable {
    /// What is being done, for people: a verb and a file.
    package let activity: String
    package let bytes: Int
    /// 0 if it is not known.
    package let allBytes: Int
}

/// Gets progress several times a second; may throw to end the work.
package typealias BackupProgressReceiver = (BackupProgress) throws -> Void
