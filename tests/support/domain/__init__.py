"""The product over a real database, with fakes at its ports."""
