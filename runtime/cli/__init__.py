"""Command line 命令行."""
