//! What queries become, and that indexes serve them on both engines.
