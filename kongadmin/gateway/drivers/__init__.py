"""The two databases: one is loaded, the one that is asked."""
