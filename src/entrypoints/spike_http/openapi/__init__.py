"""The OpenAPI 3.1 document: made of the route table, the handlers' notes and the classes that they parse and answer."""
