"""Plans trained, scored and compared: what the loop, the search and the diagnosis stand on."""
