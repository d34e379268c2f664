"""What Dragoman knows of text: language, script, normalisation, the tokenizer and its lock."""
