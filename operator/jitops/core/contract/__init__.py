"""The contract between the engine and the products: adapter, client, listing and table of kinds."""
