"""The REST API: JSON resources, problems of RFC 9457, the OpenAPI document."""
