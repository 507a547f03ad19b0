"""Data sharing 数据共享: a double of the exchange with police, civil affairs, estate and bank registries."""
