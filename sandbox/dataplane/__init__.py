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
  neighbours are left out of the event; a response must have everything that the guide
  demands (a switch); its status is 200 to 599; `statusDescription` is not sent.
- Concurrency: functions without a reserved one share the Region's default of 1000, from which
  reserved ones are not taken; how fast Lambda adds environments is left out.
- Counting: fixed responses and redirects count in HTTPCode_ELB_nXX_Count; a response time is
  recorded only for a valid answer; LambdaUserError has the dimension TargetGroup alone.
- A slow or large request: only a body of more than 1 MB for a function is refused; the
  limits on header sizes and the idle timeout while a request is read are not enforced.
  What is no HTTP at all gets a bare 400, which is not counted.
- Target groups of addresses: a registered target is served by the built-in responder, or by
  the service that was given for the group; health checks and load balancing are left out.
- Load balancer attributes are not read: X-Forwarded-For is appended to.
"""
