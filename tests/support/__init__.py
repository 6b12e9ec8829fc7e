"""What several kinds of tests share: the ports' twins in memory, and a world that runs the chain in them."""
