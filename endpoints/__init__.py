"""What the endpoints of both load balancers share."""
