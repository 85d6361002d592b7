"""Each file is one paging channel."""
