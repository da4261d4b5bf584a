"""CloudWatch for the sandbox: publishes what is counted, and evaluates alarms on it.

`monitor.Monitor` is the way in. The account's own answers (GetMetricData, GetMetricStatistics)
come from the same `history`. What AWS's documents leave open is said where it is modelled:
`states` (how far alarms look back, too few points), `statistics` (percentiles), `alarms` (where
the newest period ends). The account refuses metric math beyond one division and anomaly
detection. Alarms on percentiles, on periods below a minute or on more than six hours are left
alone and told; the actions of alarms do nothing.
"""
