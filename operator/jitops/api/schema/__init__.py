"""The pydantic base model, rules, references and field types; CRD schemas are generated from them."""
