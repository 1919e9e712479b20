"""Fork servers, and the processes that are forked from them."""
