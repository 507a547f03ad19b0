"""Settlement 结算: payment instructions to the bank settlement node, and what the bank says of them."""
