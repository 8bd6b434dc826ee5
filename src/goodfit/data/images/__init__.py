"""Images: folders, archives and arrays of pictures."""
