"""The Rust scorer: one function behind one target group per load balancer."""
