"""Plans trained, scored and compared, for the loop, the search and the diagnosis."""
