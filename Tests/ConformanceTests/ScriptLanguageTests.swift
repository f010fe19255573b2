import PromQLScripts
import Testing

/// The language of the scripts, and that what is expected wrongly is noticed.
@Suite struct ScriptLanguageTests {
    private static let data = """
        # Values: repetitions, steps down, fractions, gaps, stale markers, exponents.
        load 1m
        \tm{k="a"}   1+2x3 _ 5 stale
        \t m{k="b"}\t 10-2.5x3   _x2   1e-3
            m{k="c}"} -1.5x4 Inf -Inf NaN
            {"m.d", k='d'} 0x3
            h {{schema:1 sum:3 count:22 buckets:[5 10 7]}}x2 {{schema:1 sum:4 count:23 buckets:[6 10 7] counter_reset_hint:gauge}}
            n_bucket{le="1"} 1x3
            n_bucket{le="+Inf"} 3x3
            n_count 3x3
            s@st _ -30s-1sx2
            s _ 1+1x2

        # Beside what is there.
        load 1m
            more 7x3

        load_with_nhcb 30s
            c_bucket{le="1"} 1x3
            c_bucket{le="+Inf"} 3x3
            c_count 3x3
            c_sum 5x3


        """

    private static let right = """
        eval instant at 1m m
            m{k="a"} 3
            m{k="b"} 7.5
            m{k="c}"} -1.5

        eval instant at 6m m{k="c}"}
        	{__name__="m", k="c}"} -Inf
        eval range from 0 to 6m step 1m m{k="a"}
            # a comment in a block
            m{k="a"} 1 3 5 7 7 5

        eval range from 0 to 1m step 30 m{k="b"}
            m{k="b"} 10 10 7.5

        eval range from 0 to 1m step -30s m
            expect fail

        eval instant at 0 {"m.d"}
            {"m.d", k="d"} 0
        eval instant sum(more)
            {} 7

        eval instant at 0x0 0x1F
            31

        eval instant at 1m 2 * 3
            0x6
        eval instant at 1m -0.25
            -0x1p-2
        eval instant at 1m "a\\"b"
            expect string "a\\"b"
        eval instant at 1m 'back'
            expect string `back`
        eval instant at 2m m{k=~"[ab]"}[2m]
            expect range vector from 1m to 2m step 1m
            m{k="a"} 3 5
            m{k="b"} 7.5 5
        eval instant at 2m sort_desc(m)
            expect ordered
            m{k="a"} 5
            m{k="b"} 5
            m{k="c}"} -1.5
        eval_ordered instant at 1m sort(m)
            m{k="c}"} -1.5
            m{k="a"} 3
            m{k="b"} 7.5
        eval instant at 2m h
            h {{schema:1 sum:3 count:22 buckets:[5 10 7 0]}}
        eval instant at 3m h
            h {{schema:1 sum:4 count:23 buckets:[6 10 7] counter_reset_hint:gauge}}
        eval instant at 1m histogram_count(c)
            {} 3
        eval instant at 2m start_timestamp(s)
            {} 89
        eval instant at 1m m + on() group_left() m
            expect fail regex: "found duplicate series .*"
        eval instant at 1m label_replace(m, "x", "", "k", "(")
            expect fail msg: invalid regular expression in label_replace(): (
        eval_fail instant at 1m label_replace(m, "k", "", "", "")
            expected_fail_message vector cannot contain metrics with the same labelset
        eval_fail instant at 1m label_replace(m, "k", "", "", "")
            expected_fail_regexp same label.et$
        eval_fail instant at 1m topk(NaN, m)

        eval_warn instant at 1m quantile(7, m)
            {} Inf
        eval instant at 1m quantile(7, m)
            expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 7 (1:10)
            expect no_info
            {} Inf
        eval_info instant at 1m rate(m{k="a"}[1m30s])
            {k="a"} 0.03333333
        eval instant at 1m rate(m{k="a"}[1m30s])
            expect info regex: might not be a counter.*\\(1:[0-9]+\\)
            expect no_warn
            {k="a"} 0.03333333
        eval instant at 1m m and nothing

        clear

        eval instant at 1m m
        """

    /// Each is refuted by the data.
    private static let wrong = """
        eval instant at 1m more
            more 7.001

        eval instant at 1m more
        eval instant at 1m more
            more 7
            other 7
        eval instant at 1m more
            7
        eval instant at 1m more
            expect fail
            more 7
        eval instant at 1m 7
            8
        eval instant at 1m "a"
            expect string "b"
        eval range from 0 to 2m step 1m more
            more 7 7
        eval range from 0 to 2m step 0 more
            more 7 7
        eval instant at 2m more[2m]
            expect range vector from 0 to 1m step 1m
            more 7 7
        eval_ordered instant at 1m sort(m)
            m{k="a"} 3
            m{k="b"} 7.5
            m{k="c}"} -1.5
        eval instant at 0 h
            h {{schema:1 sum:3 count:22 buckets:[5 10 8]}}
        eval instant at 1m h
            h {{schema:1 sum:3 count:22 buckets:[5 10 7] counter_reset_hint:gauge}}
        eval instant at 1m topk(NaN, m)
            expect fail msg: Parameter value
        eval instant at 1m topk(NaN, m)
            expect fail regex: parameter
        eval instant at 1m topk(NaN, m)
        eval_warn instant at 1m more
            more 7
        eval instant at 1m quantile(7, m)
            expect no_warn
            {} Inf
        eval instant at 1m quantile(7, m)
            expect warn msg: quantile value should be between 0 and 1, got 7
            {} Inf
        eval instant at 1m quantile(7, m)
            expect warn
            expect info
            {} Inf
        eval nonsense at 1m more
        eval instant at soon more
        load 1m
            m{k="a"} 1x
        """

    @Test(arguments: EmbeddedStorage.Place.allCases) func everyFormIsRead(_ place: EmbeddedStorage.Place) throws {
        var runner = ScriptRunner(try EmbeddedStorage(place))
        runner.run(Script(Self.data + Self.right))
        for failure in runner.failures { Issue.record("\(failure)") }
        #expect(runner.total == Self.evaluations(Self.right))
    }

    @Test func theMemoryStorageAgrees() {
        var runner = ScriptRunner()
        runner.run(Script(Self.data + Self.right))
        for failure in runner.failures { Issue.record("\(failure)") }
    }

    @Test func whatIsWrongFails() {
        var runner = ScriptRunner()
        runner.run(Script(Self.data + Self.wrong))
        let loads = 1
        #expect(runner.failures.count == Self.evaluations(Self.wrong) + loads)
        #expect(runner.passed == 0)
    }

    private static func evaluations(_ script: String) -> Int {
        script.split(separator: "\n").count { $0.hasPrefix("eval") }
    }
}
