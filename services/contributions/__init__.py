"""Contributions 缴存: monthly remittance 汇缴 of employer and member, posted once a month of contribution."""
