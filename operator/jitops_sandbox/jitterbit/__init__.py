"""A stand-in of Harmony's Cloud RESTful Service: the documented behaviour, and a switch for each undocumented one."""
