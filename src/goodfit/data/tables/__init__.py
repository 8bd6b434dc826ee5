"""Tables: files, arrays and data frames read into typed columns."""
