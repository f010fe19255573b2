import Foundation
import NIOCore
import Testing

@testable import Dashboard

/// The shape of dashboards/fleet.json that the page's scripts read.
private struct FleetDefinition: Decodable {
    struct Tile: Decodable {
        var id, title, unit, expr, empty: String
        var kpi: String?
        var warning, critical: Double?
    }

    struct Panel: Decodable {
        struct Target: Decodable {
            var expr: String
            var legend: String?
            var color: Int?
        }

        var id, title, unit: String
        var max: Double?
        var targets: [Target]
    }

    var title: String
    var tiles: [Tile]
    var panels: [Panel]
}

@Suite("dashboards/fleet.json")
struct FleetDefinitionTests {
    private let definition: FleetDefinition

    init() throws {
        definition = try JSONDecoder().decode(
            FleetDefinition.self, from: Data(DashboardAssets.embedded.definition.body.readableBytesView))
    }

    @Test("tiles and panels have names of their own and units that the page can write")
    func names() {
        let units = ["", "ratio", "percent", "ms", "seconds", "per_second", "bytes"]
        #expect(definition.tiles.count == 4)
        #expect(Set(definition.tiles.map(\.id)).count == definition.tiles.count)
        #expect(Set(definition.panels.map(\.id)).count == definition.panels.count)
        // The explore panel has this name.
        #expect(!definition.panels.contains { $0.id == "explore" })
        for unit in definition.tiles.map(\.unit) + definition.panels.map(\.unit) { #expect(units.contains(unit)) }
        for tile in definition.tiles { #expect(!tile.title.isEmpty && !tile.empty.isEmpty) }
        for panel in definition.panels { #expect(!panel.title.isEmpty && !panel.targets.isEmpty) }
    }

    @Test("every expression obeys the source filter and has balanced brackets")
    func expressions() {
        let expressions = definition.tiles.map(\.expr) + definition.panels.flatMap { $0.targets.map(\.expr) }
        for expression in expressions {
            #expect(expression.contains("$source"), "\(expression)")
            for (opening, closing) in [("(", ")"), ("{", "}"), ("[", "]")] as [(Character, Character)] {
                #expect(
                    expression.count { $0 == opening } == expression.count { $0 == closing }, "\(expression)")
            }
        }
    }
}
