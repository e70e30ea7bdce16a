"""A container engine, base images and a copy of the compose stack, for the end-to-end test."""
