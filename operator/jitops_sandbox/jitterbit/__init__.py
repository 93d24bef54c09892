"""A stand-in of Harmony's Cloud RESTful Service: what is documented, and a switch for what is not."""
