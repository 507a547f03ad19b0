"""Adapters 适配器 of the data-sharing exchange."""
