"""SAP-compatible OData V2: its names, statuses and quirks end here."""
