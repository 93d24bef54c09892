"""Read and write the output Secrets and ConfigMaps."""
