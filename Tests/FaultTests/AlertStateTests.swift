import EmbeddedStore
import FaultDisk
import Foundation
import TestSupport
import Testing

/// Alert states under the same faults as the log.
@Suite struct AlertStateTests {
    let disks: Disks

    init() throws { disks = try Disks() }

    private typealias Records = [String: [UInt8]]

    private func change(_ records: Records, using generator: inout SeededGenerator) -> [String: [UInt8]?] {
        var changes: [String: [UInt8]?] = [:]
        for _ in 0..<Int.random(in: 1...5, using: &generator) {
            let key = "group/rules.yml;\(Int.random(in: 0...20, using: &generator))"
            if records[key] != nil, generator.next() % 4 == 0 {
                changes[key] = .some(nil)
            } else {
                let count = Int.random(in: 0...300, using: &generator)
                changes[key] = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            }
        }
        return changes
    }

    private func apply(_ changes: [String: [UInt8]?], to records: Records) -> Records {
        var records = records
        for (key, value) in changes { records[key] = value }
        return records
    }

    @Test func whatWasSavedSurvivesPowerLosses() throws {
        var generator = SeededGenerator.seeded("whatWasSavedSurvivesPowerLosses")
        for round in 0..<faultRounds * 5 {
            let disk = try disks.disk(seed: generator.next())
            disk.provoke(Fault(.powerLoss, nth: Int.random(in: 1...120, using: &generator)))
            var saved: Records = [:]
            var underWay: Records = [:]
            if let database = try? AlertStateDatabase(folder: disk.folder) {
                for _ in 0..<30 where !disk.isOff {
                    let changes = change(saved, using: &generator)
                    underWay = apply(changes, to: saved)
                    if (try? database.save(changes)) != nil { saved = underWay }
                }
                try? database.close()
            }
            let image = try disks.image(of: disk, seed: generator.next())
            let database = try AlertStateDatabase(folder: image.folder)
            let found = try database.load()
            #expect(found == saved || found == underWay, "round \(round)")
            #expect(database.damages.isEmpty)
            try database.close()
        }
    }

    @Test func aFlippedBitIsNoTrapAndNoLie() async throws {
        var generator = SeededGenerator.seeded("AlertStateTests.aFlippedBitIsNoTrapAndNoLie")
        let seed = generator.next()
        let rounds = faultRounds * 20
        await #expect(processExitsWith: .success) { [seed = seed as UInt64, rounds = rounds as Int] in
            try AlertStateTests().flip(seed: seed, rounds: rounds)
        }
    }

    private func flip(seed: UInt64, rounds: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let disk = try disks.disk(seed: generator.next())
        var records: Records = [:]
        let database = try AlertStateDatabase(folder: disk.folder)
        for _ in 0..<20 {
            let changes = change(records, using: &generator)
            try database.save(changes)
            records = apply(changes, to: records)
        }
        try database.close()
        for _ in 0..<rounds {
            let copy = try disks.imageAfterKill(of: disk, seed: 0)
            let path = "\(copy.folder)/\(AlertStateDatabase.fileName)"
            let flip = try BitFlip(inContentOf: path, using: &generator)
            try copy.flip(flip, in: path)
            // An error that left the exit test would look like a trap.
            do { try expectSoundness(of: copy.folder, records, "\(flip)") } catch { Issue.record(error, "\(flip)") }
        }
    }

    private func expectSoundness(of folder: String, _ records: Records, _ flip: String) throws {
        let opened = try AlertStateDatabase(folder: folder)
        let found = try opened.load()
        #expect(found.allSatisfy { records[$0.key] == $0.value }, "\(flip): a wrong record")
        #expect(found.count == records.count || !opened.damages.isEmpty, "\(flip): a silent loss")
        try opened.save(["new": [1]])
        #expect(try opened.load()["new"] == [1], "\(flip)")
        try opened.close()
    }
}
