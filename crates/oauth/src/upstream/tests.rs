//! What is believed of another provider, and what is not.
