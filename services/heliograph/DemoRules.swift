/// The rules that `run --demo` evaluates when no rule files are set: those of infra/rules/example.rules.yml, compiled in so
/// that one binary is enough. A test holds the two equal.
enum DemoRules {
    static let path = "demo.rules.yml"

    static let text = #"""
        # Rules for the simulated fleet (`heliograph demo`): a starting point for your own. The format is Prometheus' own;
        # docs/alerting.md explains what happens with it.
        groups:
          - name: fleet-recordings
            interval: 30s
            rules:
              - record: source:http_requests:rate5m
                expr: sum by (source_id) (rate(http_requests_total[5m]))
              - record: source:http_errors:rate5m
                expr: sum by (source_id) (rate(http_errors_total[5m]))
              - record: source:http_error_ratio:rate5m
                expr: source:http_errors:rate5m / (source:http_requests:rate5m > 0)
              - record: fleet:request_latency_ms:p95
                expr: quantile(0.95, avg_over_time(request_latency_ms[5m]))

          - name: fleet-alerts
            interval: 30s
            labels:
              team: platform
            rules:
              - alert: HighCPU
                expr: avg by (source_id) (avg_over_time(cpu_usage[5m])) > 90
                for: 2m
                keep_firing_for: 1m
                labels:
                  severity: warning
                annotations:
                  summary: "{{ $labels.source_id }} is busy"
                  description: 'CPU usage was {{ printf "%.1f" $value }} % on average over the last 5 minutes.'

              - alert: MemoryNearlyFull
                expr: max by (source_id) (mem_used_percent) > 95
                for: 5m
                labels:
                  severity: critical
                annotations:
                  summary: "{{ $labels.source_id }} runs out of memory"
                  description: '{{ printf "%.1f" $value }} % of the memory is in use.'

              - alert: HighErrorRatio
                expr: source:http_error_ratio:rate5m > 0.05
                for: 2m
                labels:
                  severity: critical
                annotations:
                  summary: "{{ $labels.source_id }} answers with errors"
                  description: "{{ $value | humanizePercentage }} of its requests fail."

              - alert: SlowRequests
                expr: avg by (source_id) (avg_over_time(request_latency_ms[5m])) > 500
                for: 5m
                labels:
                  severity: warning
                annotations:
                  summary: "{{ $labels.source_id }} is slow"
                  description: 'A request takes {{ printf "%.0f" $value }} ms on average.'

              - alert: QueueGrows
                expr: min by (source_id) (min_over_time(queue_depth[5m])) > 100 and on (source_id) deriv(queue_depth[10m]) > 0
                for: 5m
                labels:
                  severity: warning
                annotations:
                  summary: "{{ $labels.source_id }} does not keep up"
                  description: "{{ $value | humanize }} items wait, and there are more of them all the time."

              # Sources that sent within the last hour, without those that sent within the last five minutes.
              - alert: SourceSilent
                expr: >-
                  count by (source_id) (last_over_time(cpu_usage[1h]))
                  unless on (source_id) count by (source_id) (cpu_usage)
                labels:
                  severity: critical
                annotations:
                  summary: "{{ $labels.source_id }} sends nothing"
                  description: "It sent measurements within the last hour, and none in the last five minutes."

        """#
}
