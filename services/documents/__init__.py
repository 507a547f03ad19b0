"""Documents 材料: pictures a member adds to an application, for the person who looks at it.

Invariants: what is stored was decoded and drawn anew in a confined process, without anything but pixels; it lies
encrypted; only the member and the staff who work on the case see it.
"""
