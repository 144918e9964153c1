"""What the Manager shows of the Admin API: its description, and nothing else."""

from kongadmin.dialects.admin_api.node import openapi_document

__all__ = ["openapi_document"]
