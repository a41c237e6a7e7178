"""The browser page, as static files, and the small server that shows it on this machine."""
