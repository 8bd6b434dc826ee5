"""What comes in: tables to datasets, their division, and the network's inputs."""
