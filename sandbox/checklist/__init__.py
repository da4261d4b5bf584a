"""The testing checklist of the analysis, measured on the running load balancers."""
