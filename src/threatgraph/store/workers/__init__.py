"""Worker processes that evaluate queries and shapes from outside, within limits of time and memory."""
