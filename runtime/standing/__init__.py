"""备份与备机: copies of the database that outlive its machine."""
