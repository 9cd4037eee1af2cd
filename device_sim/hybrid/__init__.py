"""The hybrid assistant: private requests are answered here, others by a cloud model that sees placeholders only."""
