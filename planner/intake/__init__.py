"""From files to clean tables: read, recognise columns, find out who is who."""
