"""The load balancers' data plane: serves requests by the listener rules that the account holds.

`server.DataPlane` is the way in. What follows was not found in AWS's documents, or was found
for something similar only, so here it is modelled on a guess:

- Stickiness: every answer of a target renews the cookie (a switch); `Expires` is seven days
  ahead; a cookie outranks a weight of 0; a cookie for a group that the rule lacks is drawn
  again; the balancer's own errors set no cookie; a forward to one group with stickiness on
  is sticky too. The key lives as long as the process and does not rotate.
- All weights 0: 503.
- Matching: conditions see path and query as they were sent, percent-encoded; the port of the
  Host header does not count; one of several header lines with the same name is enough.
- Lambda: 1 MB is 1024 * 1024 bytes; a request that is not UTF-8 is a 400; headers between
  neighbours are left out of the event; of a response whatever nobody saw AWS judge is refused
  (a switch; tests/dataplane/lambda_cells.py has every case and its source); its status is 200
  to 599; `statusDescription` is not sent, nor compared with the status; its `Date` is kept.
- Concurrency: functions without a reserved one share the Region's default of 1000, from which
  reserved ones are not taken; how fast Lambda adds environments is left out.
- Counting: fixed responses and redirects count in HTTPCode_ELB_nXX_Count; a response time is
  recorded only for a valid answer; LambdaUserError has the dimension TargetGroup alone.
- HTTP (tests/dataplane/test_wire.py has every case and its source): too large a request line
  is a 400, though the guide has a 413 and a 414 for it too; a header that goes on in a second
  line is a 400, AWS hands it on with a colon; so is a space in the path, or a path that is not
  ASCII; an Expect that asks for something else is dropped as well. A header of 16 K counts with
  its name, all of 64 K with the request line; the trace begins anew when all headers together
  have more than 7 KB. The Host header is handed on without the listener's port.
- Target groups of addresses: a registered target is served by the built-in responder, or by
  the service that was given for the group; health checks and load balancing are left out.
- Load balancer attributes are not read: X-Forwarded-For is appended to.
"""
