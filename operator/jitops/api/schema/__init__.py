"""The pydantic base model and the field types that also generate CRD schemas."""
