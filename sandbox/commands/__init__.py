"""The commands of `sandbox`, a module for each subject."""
