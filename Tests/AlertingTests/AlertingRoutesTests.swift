import AlertRules
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing

@testable import Alerting

struct AlertingRoutesTests {
    struct Rules: Decodable {
        struct Alert: Decodable, Equatable {
            let labels: [String: String]
            let annotations: [String: String]
            let state: String
            let activeAt: String
            let value: String
        }

        struct Rule: Decodable {
            let type: String
            let name: String
            let query: String
            let health: String
            let state: String?
            let duration: Double?
            let keepFiringFor: Double?
            let labels: [String: String]
            let annotations: [String: String]?
            let alerts: [Alert]?
            let lastError: String?
            let evaluationTime: Double
            let lastEvaluation: String
        }

        struct Group: Decodable {
            let name: String
            let file: String
            let interval: Double
            let limit: Int
            let evaluationTime: Double
            let lastEvaluation: String
            let rules: [Rule]
        }

        struct Answer: Decodable {
            struct Data: Decodable {
                let groups: [Group]?
                let alerts: [Alert]?
                let groupNextToken: String?
            }

            let status: String
            let data: Data?
            let errorType: String?
            let error: String?
        }
    }

    static let rules = """
        groups:
        - name: fleet
          interval: 90s
          limit: 5
          rules:
          - {record: "fleet:cpu", expr: " avg(cpu) ", labels: {team: infra}}
          - alert: Hot
            expr: cpu > 90
            for: 1m
            labels: {severity: page}
            annotations: {summary: "at {{ $value }}"}
        - name: more
          rules:
          - {alert: Cold, expr: cpu < 1}
        """

    /// Answers of the routes after one evaluation.
    func answers(to paths: [String]) async throws -> [(status: Int, answer: Rules.Answer)] {
        let platform = FakePlatform()
        platform.set("cpu > 90", [Harness.sample("web", 92.5)])
        platform.failing.withLock { $0 = [" avg(cpu) "] }
        let service = try Harness.service(AlertingRoutesTests.rules, platform)
        try await service.evaluate(minute: 0)
        let router = Router(context: AppContext.self)
        addAlertingRoutes(to: router, service: service)
        return try await Application(router: router, logger: Harness.silent).test(.router) { client in
            var answers: [(Int, Rules.Answer)] = []
            for path in paths {
                try await client.execute(uri: path, method: .get) { response in
                    #expect(response.headers[.contentType] == "application/json; charset=utf-8")
                    let answer = try JSONDecoder().decode(
                        Rules.Answer.self, from: Data(response.body.readableBytesView))
                    answers.append((Int(response.status.code), answer))
                }
            }
            return answers
        }
    }

    @Test func rulesInPrometheusForm() async throws {
        let (status, answer) = try await answers(to: ["/api/v1/rules"])[0]
        #expect(status == 200 && answer.status == "success")
        let groups = try #require(answer.data?.groups)
        #expect(groups.map(\.name) == ["fleet", "more"])
        let group = groups[0]
        #expect(group.file == "rules/fleet.yml" && group.interval == 90 && group.limit == 5)
        #expect(group.lastEvaluation == "2026-01-01T00:00:00Z")
        let recording = group.rules[0]
        #expect(recording.type == "recording" && recording.query == "avg(cpu)" && recording.labels == ["team": "infra"])
        #expect(recording.health == "err" && recording.lastError == "no answer" && recording.state == nil)
        let alerting = group.rules[1]
        #expect(alerting.type == "alerting" && alerting.state == "pending" && alerting.health == "ok")
        #expect(alerting.duration == 60 && alerting.keepFiringFor == 0 && alerting.lastError == nil)
        #expect(alerting.annotations == ["summary": "at {{ $value }}"])
        let alert = Rules.Alert(
            labels: ["alertname": "Hot", "severity": "page", "source_id": "web"], annotations: ["summary": "at 92.5"],
            state: "pending", activeAt: "2026-01-01T00:00:00Z", value: "9.25e+01")
        #expect(alerting.alerts == [alert])
        #expect(groups[1].rules[0].health == "unknown" && groups[1].lastEvaluation == "0001-01-01T00:00:00Z")
    }

    @Test func alertsInPrometheusForm() async throws {
        let (_, answer) = try await answers(to: ["/api/v1/alerts"])[0]
        #expect(answer.data?.alerts?.map(\.state) == ["pending"])
    }

    @Test func filters() async throws {
        let paths = [
            "type=record", "type=alert", "rule_name%5B%5D=Cold", "rule_name[]=Cold&rule_name[]=Hot",
            "rule_group%5B%5D=more", "file%5B%5D=elsewhere.yml", "match%5B%5D=%7Bseverity%3D~%22p.%2B%22%7D",
            "exclude_alerts=true",
        ]
        let names = try await answers(to: paths.map { "/api/v1/rules?\($0)" }).map { answer in
            answer.answer.data?.groups?.flatMap(\.rules).map(\.name)
        }
        #expect(
            names == [
                ["fleet:cpu"], ["Hot", "Cold"], ["Cold"], ["Hot", "Cold"], ["Cold"], [], ["Hot"],
                ["fleet:cpu", "Hot", "Cold"],
            ])
    }

    @Test func groupsComeInPages() async throws {
        let first = try await answers(to: ["/api/v1/rules?group_limit=1"])[0].answer.data
        #expect(first?.groups?.map(\.name) == ["fleet"])
        let token = try #require(first?.groupNextToken)
        let others = try await answers(to: [
            "/api/v1/rules?group_limit=1&group_next_token=\(token)", "/api/v1/rules?group_limit=2",
            "/api/v1/rules?group_limit=1&rule_name[]=Cold", "/api/v1/rules?group_limit=1&type=alert",
        ]).map(\.answer.data)
        #expect(others.map { $0?.groups?.map(\.name) } == [["more"], ["fleet", "more"], ["more"], ["fleet"]])
        #expect(others.map { $0?.groupNextToken } == [nil, nil, nil, token])
    }

    @Test(arguments: ["group_limit=0", "group_limit=few", "group_next_token=x", "group_limit=1&group_next_token=x"])
    func pagesThatThereAreNot(_ query: String) async throws {
        let (status, answer) = try await answers(to: ["/api/v1/rules?\(query)"])[0]
        #expect(status == 400 && answer.errorType == "bad_data" && answer.error?.contains("group_") == true)
    }

    @Test(arguments: ["type=both", "match%5B%5D=%7B", "exclude_alerts=perhaps"])
    func parametersThatAreNotUnderstood(_ query: String) async throws {
        let (status, answer) = try await answers(to: ["/api/v1/rules?\(query)"])[0]
        #expect(status == 400 && answer.status == "error" && answer.errorType == "bad_data")
        #expect(answer.error?.contains(query.prefix { $0 != "=" && $0 != "%" }) == true)
    }
}
