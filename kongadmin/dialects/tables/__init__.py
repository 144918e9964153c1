"""Consumers as a table: CSV, a row a consumer, from and for spreadsheets."""
