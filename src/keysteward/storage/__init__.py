"""What is remembered: tables, the Store with its named queries, and its transactions."""
