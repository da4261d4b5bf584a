"""An emulated AWS account that refuses what AWS refuses."""
