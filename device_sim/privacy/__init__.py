"""What is sensitive in a text, placeholders for it, and the way back."""
