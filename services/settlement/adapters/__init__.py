"""Adapters of the settlement port 结算适配: the wires to the banks."""
