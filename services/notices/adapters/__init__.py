"""Adapters 适配器 of the notice channels."""
