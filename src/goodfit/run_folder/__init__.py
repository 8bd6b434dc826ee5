"""The loop that closes the gap."""
