"""Adapters 适配器 of documents: the confined process that draws pictures anew."""
