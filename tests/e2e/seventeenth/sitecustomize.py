"""Puts `catalog` beside this file into the catalogue of a process that has this folder on its path."""

from pathlib import Path

from services.items import catalog

catalog.__path__.append(str(Path(__file__).with_name("catalog")))
