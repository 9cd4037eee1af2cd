"""What is made by programs in the documentation: the references and the pictures."""
