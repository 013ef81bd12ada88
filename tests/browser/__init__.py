"""Tests in a browser; a package, so that pytest ends the browser with the last of them."""
