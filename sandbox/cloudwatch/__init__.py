"""CloudWatch for the sandbox: publishes what is counted, and evaluates alarms on it.

`monitor.Monitor` is the way in. The account's own answers (GetMetricData, GetMetricStatistics)
come from the same `history` and the same metric math. What AWS's documents leave open is said
where it is modelled: `states` (how far alarms look back, too few points), `series` and
`metric_math` (precedence, gaps at the ends), `alarms` (where the newest period ends).
Not there: percentiles, metrics with periods below a minute, anomaly detection, Metrics Insights,
alarms on more than six hours, and the actions of alarms. Such an alarm is left alone and told.
"""
