"""Reports as pages that need nothing but a browser; knows nothing of what is reported."""
