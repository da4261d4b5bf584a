"""The items of the checklist in the order of the analysis, each in its own words."""
