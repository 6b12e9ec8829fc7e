"""`make demo`: the whole story on the local AWS, told live, checked at the end, and written down."""
