"""What talks to routers: plain data in, one typed outcome out. Nothing here knows models, settings or billing."""
