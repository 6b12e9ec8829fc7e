"""An AWS account on a laptop: ministack behind one gateway, with a local Amazon Personalize."""
