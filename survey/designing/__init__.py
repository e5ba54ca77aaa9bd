"""A study before it opens: its questions, what is risky in it, what it takes and costs."""
