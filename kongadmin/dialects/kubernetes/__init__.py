"""The Kubernetes API for Kong's custom resources: an unmodified kubectl against us."""
