"""Closing 日终与年终: what the centre's books do by the day and by the year, in steps that can be run again."""
