"""Moving traffic on the running load balancers. Needs boto3, no Pulumi and no state."""
