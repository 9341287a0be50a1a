"""Files out: workbook, import files, tables, the run in full."""
