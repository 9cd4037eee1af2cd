"""The private data of the simulated phone: calendar, contacts and notes, in the encrypted database."""
