"""Policies 政策参数: every figure of the rules as dated data; the figure of a day is the last one before it."""
