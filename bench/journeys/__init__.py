"""Journeys 全程: what members do with the phone client, from home to receipt, in a browser the size of a phone. `make e2e`."""
