"""Catalogue 事项目录: one file an item; a new file is a new item, and nothing else changes."""
