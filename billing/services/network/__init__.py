"""What subscribers get from the network, and how routers are told (rules N1 to N6)."""
